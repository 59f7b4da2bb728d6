"""What a machine can train, by name: built in, in its folders, uploaded."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_spaces import datasets
from search_spaces.datasets.cache import Cache
from search_spaces.errors import BadFile, BrokenFamily, Misfit, UnknownDataset, UnknownFamily
from search_spaces.library import Library
from search_spaces.parameters import presets
from search_spaces.signature import Signature, label, vector

DATA = Signature((vector("x", 4),), (label("y", 3),))
MODEL = """
import keras

def build(hp):
    model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model
"""
CSV = "a,b,kind,worth\n" + "".join(f"{k},{k % 7},{'xyz'[k % 3]},{k * 0.5}\n" for k in range(60))


def library(folder: Path, **files: str) -> Library:
    for where in ("models", "data"):
        (folder / where).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", "/").replace("_dot_", ".")).write_text(content)
    return Library([folder / "models"], [folder / "data"], Cache(folder / "cache", 2**40))


def entries(the: Library) -> dict[str, dict[str, Any]]:
    return {name: describe() for _, name, describe in the.brought()}


def test_families_and_data_sets_are_found_by_name(tmp_path: Path) -> None:
    the = library(tmp_path, models__mine_dot_py=MODEL, data__shop_dot_csv=CSV)
    assert the.hypermodel("dense", DATA).name == "dense"
    assert the.hypermodel("mine", DATA).name == "mine"
    assert the.dataset("digits").sha256 == datasets.load("digits").sha256
    assert the.dataset("shop").signature.outputs[0].name == "worth"


def test_what_there_is_not_is_said_with_what_there_is(tmp_path: Path) -> None:
    the = library(tmp_path, models__typo_dot_py="import kears", data__shop_dot_csv=CSV)
    with pytest.raises(UnknownFamily, match=r'"mien"; known: .*dense'):
        the.hypermodel("mien", DATA)
    with pytest.raises(BrokenFamily, match=r"typo\.py, line 1: ModuleNotFoundError"):
        the.hypermodel("typo", DATA)
    with pytest.raises(Misfit):
        the.hypermodel("residual", DATA)
    with pytest.raises(UnknownDataset, match=r'"shpo"; known: .*shop'):
        the.dataset("shpo")


def test_what_a_file_holds_can_be_said_beside_it(tmp_path: Path) -> None:
    told = {"target": ["kind"], "kinds": {"b": "class"}}
    the = library(tmp_path, data__shop_dot_csv=CSV, data__shop_dot_told_dot_json=json.dumps(told))
    signature = the.dataset("shop").signature
    assert signature.outputs[0].class_names == ("x", "y", "z")
    broken = library(tmp_path, data__shop_dot_told_dot_json="{")
    with pytest.raises(BadFile, match=r"shop\.told\.json"):
        broken.dataset("shop")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def load():\n    return [1, 2]", "load() must return arrays by name, got list"),
        ("x = 1", "defines no function load()"),
        ("def load():\n    open('/nowhere')", "gone.py, line 2: FileNotFoundError"),
        ("def load():\n    return {'x': [[1.0], [2.0]]}", "x"),
        ("import kears", "gone.py, line 1: ModuleNotFoundError"),
    ],
)
def test_code_that_loads_nothing_is_broken_and_hurts_nothing_else(
    tmp_path: Path, code: str, said: str
) -> None:
    found = entries(library(tmp_path, data__gone_dot_py=code, data__shop_dot_csv=CSV))
    assert found["gone"]["status"] == "broken"
    assert said in found["gone"]["error"]
    assert str(tmp_path) not in json.dumps(found)
    assert found["shop"]["status"] == "ready"
    assert found["shop"]["sizes"]["train"] == 36


def test_a_name_that_is_taken_or_impossible_is_told_under_another_one(tmp_path: Path) -> None:
    the = library(tmp_path, data__shop_dot_csv=CSV)
    for name in ("iris.csv", "two words.csv", "shop.parquet"):
        (tmp_path / "data" / name).write_text(CSV)
    found = entries(the)
    assert found["shop"]["status"] == "ready"
    broken = {name: entry["error"] for name, entry in found.items() if entry["status"] != "ready"}
    assert set(broken) == {"iris.csv", "two-words.csv", "shop.parquet"}
    assert 'the name "iris" is a built-in data set' in broken["iris.csv"]
    assert "its name must be letters, digits" in broken["two-words.csv"]
    assert "taken by shop.csv" in broken["shop.parquet"]
    assert the.dataset("iris").sha256 == datasets.load("iris").sha256


def test_a_data_set_that_code_returns_is_called_like_its_file(tmp_path: Path) -> None:
    code = "from search_spaces import datasets\n\ndef load():\n    return datasets.load('iris')\n"
    the = library(tmp_path, data__flowers_dot_py=code)
    assert entries(the)["flowers"]["name"] == "flowers"
    assert the.dataset("flowers").name == "flowers"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"targets": ["kind"]}, 'unknown field "targets"; known: target, task, kinds, image_size'),
        ({"target": 3}, '"target" must be a name'),
        ({"task": "clustering"}, '"task" is classification or regression'),
        ({"kinds": {"b": "picture"}}, '"kinds" gives names one of: vector, image'),
        ([], "must be an object"),
    ],
)
def test_a_misspelt_hint_is_not_passed_over(tmp_path: Path, told: object, said: str) -> None:
    the = library(tmp_path, data__shop_dot_csv=CSV, data__shop_dot_told_dot_json=json.dumps(told))
    entry = entries(the)["shop"]
    assert entry["status"] == "broken"
    assert said in entry["error"]


def test_one_target_needs_no_list_and_the_notes_are_told(tmp_path: Path) -> None:
    told = json.dumps({"target": "kind"})
    the = library(tmp_path, data__shop_dot_csv=CSV, data__shop_dot_told_dot_json=told)
    entry = entries(the)["shop"]
    assert entry["outputs"][0]["name"] == "kind"
    untold = library(tmp_path / "sub", data__shop_dot_csv=CSV)
    assert any("worth" in note for note in entries(untold)["shop"]["notes"])


def test_code_may_load_arrays_of_any_size_from_anywhere(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.RandomState(0).rand(50, 4).astype("float32"))
    code = f"""
import numpy as np

def load():
    x = np.load({str(tmp_path / "x.npy")!r}, mmap_mode="r")
    return {{"x": x, "y": (x[:, 0] > 0.5).astype("int32")}}
"""
    data = library(tmp_path, data__mine_dot_py=code).dataset("mine")
    assert data.signature.inputs[0].shape == (4,)
    assert data.signature.outputs[0].classes == 2


def test_a_file_is_prepared_once_and_again_after_a_change(tmp_path: Path) -> None:
    the = library(tmp_path, data__shop_dot_csv=CSV)
    first = the.dataset("shop")
    assert isinstance(first.train.inputs["features"], np.memmap)
    kept = {path.name for path in (tmp_path / "cache").iterdir()}
    assert library(tmp_path).dataset("shop").sha256 == first.sha256
    assert {path.name for path in (tmp_path / "cache").iterdir()} == kept
    (tmp_path / "data" / "shop.csv").write_text(f"{CSV}100,1,x,7.0\n")
    os.utime(tmp_path / "data" / "shop.csv", (1, 1))
    again = library(tmp_path).dataset("shop")
    assert again.sha256 != first.sha256


def test_an_upload_that_is_read_otherwise_than_by_the_server_is_refused(tmp_path: Path) -> None:
    the = library(tmp_path, data__shop_dot_csv=CSV)
    entry = {
        **entries(the)["shop"],
        "sha256": "0" * 64,
        "upload": {"format": "csv", "told": {}, "size": len(CSV)},
    }
    file = tmp_path / "data" / "shop.csv"
    assert the.uploaded(entry, file).sizes == entry["sizes"]
    entry["inputs"] = [{**entry["inputs"][0], "shape": [9]}]
    with pytest.raises(BadFile, match="is read differently here than by the server"):
        the.uploaded(entry, file)


@pytest.mark.parametrize("name", ["dense", "activation", "flatten"])
def test_a_column_may_be_called_like_a_layer(tmp_path: Path, name: str) -> None:
    for signature in (
        Signature((vector(name, 4),), (label("y", 3),)),
        Signature((vector("x", 4),), (label(name, 3),)),
    ):
        model = presets.build(library(tmp_path).hypermodel("dense", signature), {})
        assert model.count_params() > 0


def test_the_users_own_data_is_looked_at_where_it_lies(tmp_path: Path) -> None:
    code = "def load():\n    return {'x': [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]] * 9, 'y': [0, 1, 2] * 9}"
    the = library(tmp_path, data__shop_dot_csv=CSV, data__made_dot_py=code)
    found = entries(the)
    assert [each["name"] for each in found["shop"]["preview"]["histograms"]] == ["worth", "a", "b"]
    assert list(found["shop"]["preview"]["classes"]) == ["kind"]
    assert [each["name"] for each in found["made"]["preview"]["histograms"]] == ["x 0", "x 1"]


def test_data_that_is_nothing_to_look_at_has_no_preview(tmp_path: Path) -> None:
    code = """
import numpy as np
from search_spaces.datasets import Dataset, Part
from search_spaces.signature import Signature, label, vector

def load():
    part = Part({"x": np.full((9, 2), np.nan)}, {"y": np.arange(9)})
    signature = Signature((vector("x", 2),), (label("y", 9),))
    return Dataset("odd", "", "", signature, part, part, part)
"""
    the = library(tmp_path, data__odd_dot_py=code)
    entry = entries(the)["odd"]
    assert entry["status"] == "ready"
    assert entry["preview"] is None
