"""A look at data: bounded, plain, the same every time, and telling the truth."""

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from search_spaces import datasets
from search_spaces.datasets import Dataset, Part
from search_spaces.datasets.files import Limits, Told, describe
from search_spaces.datasets.preview import of_dataset, shown
from search_spaces.datasets.preview.counting import histogram, most_frequent
from search_spaces.signature import Field, Signature, image, label, number, vector

MOST_BYTES = 32 * 1024
HERE = [name for name in datasets.names() if name not in datasets.FETCHED]


def looked_at(path: Path, **told: Any) -> dict[str, Any]:
    return dict(describe(path, path.suffix[1:], Told.said(told), Limits()).preview)


def pixels(uri: str) -> Any:
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def dataset(field: Field, values: Any, answer: Field, answers: Any) -> Dataset:
    part = Part({field.name: values}, {answer.name: answers})
    return Dataset("mine", "", "", Signature((field,), (answer,)), part, part, part)


@pytest.mark.parametrize("name", HERE)
def test_every_preview_is_small_and_counts_the_whole_training_part(name: str) -> None:
    data = datasets.load(name)
    look = of_dataset(data)
    assert len(json.dumps(look)) < MOST_BYTES
    assert 4 <= len(look["samples"]) <= 12
    for counted in look["histograms"]:
        assert sum(counted["counts"]) == len(data.train)
    for classes in look["classes"].values():
        assert sum(each["count"] for each in classes) == len(data.train)
    assert of_dataset(data) == look


def test_samples_show_every_class_before_any_again() -> None:
    shown = [each["outputs"]["label"] for each in of_dataset(datasets.load("digits"))["samples"]]
    assert shown == [*"0123456789", "0", "1"]


def test_a_picture_looks_like_what_it_is_of() -> None:
    left_half = np.zeros((4, 8, 8, 1), np.float32)
    left_half[:, :, :4] = 1
    look = of_dataset(
        dataset(image("image", 8, 8, 1), left_half, label("label", 2), np.arange(4) % 2)
    )
    seen = pixels(look["samples"][0]["inputs"]["image"]["picture"])
    assert seen.shape == (8, 8)
    assert (seen[:, :4] == 255).all()
    assert (seen[:, 4:] == 0).all()


def test_made_texts_are_read_with_their_words() -> None:
    text = of_dataset(datasets.load("made_reviews"))["samples"][0]["inputs"]["text"]["text"]
    assert "the " in text
    assert not any(character.isdigit() for character in text)


def test_columns_have_the_names_that_a_person_knows() -> None:
    look = of_dataset(datasets.load("iris"))
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    assert [each["name"] for each in look["histograms"]] == names
    assert list(look["samples"][0]["inputs"]) == names


@pytest.mark.parametrize(
    ("values", "bins"),
    [([1, 1, 2, 4], 4), ([7], 1), ([0.5, 0.5], 1), ([1e15, 1e15 + 0.125], 1), ([0, 1e30], 20)],
)
def test_a_histogram_holds_every_number(values: list[float], bins: int) -> None:
    found = histogram("x", np.array(values))
    assert len(found["counts"]) == bins
    assert sum(found["counts"]) == len(values)
    assert found["least"] <= min(values)
    assert found["most"] >= max(values) * 0.99999


def test_numbers_that_are_none_are_counted_apart() -> None:
    found = histogram("x", np.array([1.0, np.nan, np.inf, 3.0]))
    assert (sum(found["counts"]), found["missing"]) == (2, 2)


def test_rare_classes_are_summed_up() -> None:
    counts = most_frequent((f"c{index}", index + 1) for index in range(100))
    assert len(counts) == 41
    assert counts[0] == {"name": "c60", "count": 61}
    assert counts[-1] == {"name": None, "count": sum(range(1, 61))}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (642_637.0, "642637"),
        (-19_060.4, "-19060"),
        (9999.7, "10000"),
        (2.0**60, "1.153e+18"),
        (123.456, "123.5"),
        (0.25, "0.25"),
        (0.000012345, "1.234e-05"),
        (0.0, "0"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_read_without_counting_powers_of_ten(value: float, written: str) -> None:
    assert shown.number(value) == written


@pytest.mark.parametrize("text", ["a\x00b\nc\ud800d\u202ee", "x" * 1000])
def test_texts_become_one_printable_line(text: str) -> None:
    line = shown.plain(text)
    assert line.isprintable()
    assert len(line) <= 60


def test_a_table_shows_its_own_columns_and_their_gaps(tmp_path: Path) -> None:
    rows = 200
    table = pl.DataFrame(
        {
            "age": [20 + k % 40 if k % 10 else None for k in range(rows)],
            "town": ["Ulm" if k % 3 else "Bonn" for k in range(rows)],
            "bought": ["yes" if k % 2 else "no" for k in range(rows)],
        }
    )
    table.write_csv(tmp_path / "shop.csv")
    look = looked_at(tmp_path / "shop.csv", target="bought")
    assert [each["name"] for each in look["histograms"]] == ["age"]
    assert look["histograms"][0]["missing"] > 0
    assert set(look["classes"]) == {"bought", "town"}
    assert look["classes"]["town"][0]["name"] == "Ulm"
    assert set(look["samples"][0]["inputs"]) == {"age", "town"}


def test_folders_of_texts_show_what_was_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as file:
        for index in range(10):
            file.writestr(f"ham/{index}.txt", f"Dear Ann,\n\nlunch at {index}?")
            file.writestr(f"spam/{index}.txt", f"WIN \x00{index} million <b>now</b>")
    look = looked_at(tmp_path / "mail.zip")
    shown = {
        each["outputs"]["label"]: each["inputs"]["text"]["text"] for each in look["samples"][:2]
    }
    assert shown["ham"].startswith("Dear Ann, lunch at ")
    assert shown["spam"].endswith("million <b>now</b>")
    assert "\\u0000" not in json.dumps(look)
    assert look["histograms"][0]["unit"] == "words"


def test_arrays_of_a_file_show_the_examples_of_the_training_part(tmp_path: Path) -> None:
    pictures = np.random.RandomState(0).randint(0, 256, (60, 300, 200, 3)).astype("uint8")
    np.savez_compressed(tmp_path / "photos.npz", x=pictures, y_size=np.linspace(0, 9, 60))
    look = looked_at(tmp_path / "photos.npz", kinds={"size": "number"})
    assert pixels(look["samples"][0]["inputs"]["x"]["picture"]).shape == (48, 32)
    assert sum(look["histograms"][0]["counts"]) == 36
    assert len(json.dumps(look)) < MOST_BYTES


def test_wide_vectors_are_one_histogram() -> None:
    values = np.random.RandomState(0).rand(50, 784).astype("float32")
    answers = np.linspace(0, 1, 50).astype("float32")
    look = of_dataset(dataset(vector("pixels", 784), values, number("y"), answers))
    assert [each["name"] for each in look["histograms"]] == ["y", "pixels"]
    assert sum(look["histograms"][1]["counts"]) == 50 * 784
