"""A user's KerasTuner hypermodel runs unchanged; what is wrong with one is said, and hurts no other."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import keras_tuner
import pytest

from search_spaces.own import fit as own_fit
from search_spaces.own.models import Broken, Own, described, find, look_up
from search_spaces.parameters import presets
from search_spaces.signature import Signature, label, vector

DATA = Signature(inputs=(vector("x", 4),), outputs=(label("y", 3),))

BUILD = """
    '''A small one.

    It is not large.'''
    import keras

    def build(hp):
        layers = [keras.layers.Dense(hp.Int("units", 2, 8)), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile("adam", "mse")
        return model
"""
CLASS = """
    import keras
    import keras_tuner

    class Mine(keras_tuner.HyperModel):
        '''Mine.'''
        def build(self, hp):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 1, 4))])
            model.compile("adam", "mse")
            return model
"""


@pytest.fixture(autouse=True)
def _imports_undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("_own_", "aid", "own_package")):
            del sys.modules[name]


def write(folder: Path, **files: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text))
    return [folder]


def only(folders: list[Path]) -> Own:
    (found,) = find(folders)
    assert isinstance(found, Own), found
    return found


def error(folders: list[Path]) -> str:
    (found,) = find(folders)
    return str(described(found)["error"])


def names(entry: dict[str, Any]) -> list[str]:
    return [parameter["name"] for parameter in entry["parameters"]]


def test_build_function_is_a_family_named_after_its_file(tmp_path: Path) -> None:
    entry = described(only(write(tmp_path, my_model=BUILD)))
    assert entry == {
        "name": "my_model",
        "title": "My model",
        "summary": "A small one.",
        "inputs": [],
        "outputs": [],
        "parameters": [
            {"name": "units", "type": "int", "min": 2, "max": 8, "log": False, "default": 2}
        ],
        "source": "my_model.py",
        "status": "ready",
        "error": None,
    }


def test_built_with_the_values_of_a_trial(tmp_path: Path) -> None:
    hypermodel = only(write(tmp_path, model=BUILD)).hypermodel(DATA)
    assert presets.build(hypermodel, {"units": 5}).layers[0].units == 5


def test_class_is_made_anew_each_time(tmp_path: Path) -> None:
    own = only(write(tmp_path, model=CLASS))
    assert own.hypermodel(DATA) is not own.hypermodel(DATA)
    assert (own.summary, names(described(own))) == ("Mine.", ["units"])


def test_derived_class_counts_and_its_base_does_not(tmp_path: Path) -> None:
    derived = dedent(CLASS) + "class Better(Mine):\n    '''Better.'''\n"
    assert only(write(tmp_path, model=derived)).summary == "Better."


def test_instance_stands_for_its_class(tmp_path: Path) -> None:
    own = only(write(tmp_path, model=dedent(CLASS) + "tuned = Mine(name='tuned')\n"))
    assert own.hypermodel(DATA).name == "tuned"


def test_the_one_named_hypermodel_is_meant(tmp_path: Path) -> None:
    text = dedent(BUILD) + dedent(CLASS) + "hypermodel = Mine\n"
    assert only(write(tmp_path, model=text)).summary == "Mine."


def test_kinds_of_data_are_said_in_the_file_or_the_class(tmp_path: Path) -> None:
    at_top = 'inputs = [["vector", "image"]]\noutputs = [["class"]]\n' + dedent(BUILD)
    in_class = dedent(CLASS) + '    inputs = (("tokens",), ("tokens",))\n'
    top, inner = find(write(tmp_path, at_top=at_top, in_class=in_class))
    assert isinstance(top, Own)
    assert isinstance(inner, Own)
    assert (top.inputs, top.outputs) == ([{"kinds": ["vector", "image"]}], [{"kinds": ["class"]}])
    assert (inner.inputs, inner.outputs) == ([{"kinds": ["tokens"]}, {"kinds": ["tokens"]}], [])


@pytest.mark.parametrize("value", ["[['picture']]", "['image']", "[[]]", "'image'", "3"])
def test_kinds_that_do_not_exist_are_refused(tmp_path: Path, value: str) -> None:
    text = f"inputs = {value}\n" + dedent(BUILD)
    assert "inputs must list the kinds of each" in error(write(tmp_path, model=text))


SIGNED_CLASS = """
    import keras
    import keras_tuner

    class Mine(keras_tuner.HyperModel):
        inputs = [["vector", "image"]]
        outputs = [["class"]]

        def __init__(self, signature):
            super().__init__()
            self.signature = signature

        def build(self, hp):
            entry = keras.Input(self.signature.inputs[0].shape)
            units = hp.Int("units", 1, 4) + self.signature.outputs[0].classes
            return keras.Model(entry, keras.layers.Dense(units)(entry))
"""
SIGNED_BUILD = """
    import keras

    inputs = [["vector"]]
    outputs = [["class"]]

    def build(hp, signature):
        entry = keras.Input(signature.inputs[0].shape)
        units = hp.Int("units", 1, 4) + signature.outputs[0].classes
        return keras.Model(entry, keras.layers.Dense(units)(entry))
"""


@pytest.mark.parametrize("text", [SIGNED_CLASS, SIGNED_BUILD])
def test_signature_of_the_data_is_given_to_who_asks(tmp_path: Path, text: str) -> None:
    own = only(write(tmp_path, model=text))
    assert names(described(own)) == ["units"]
    model = presets.build(own.hypermodel(DATA), {"units": 2})
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 5))


@pytest.mark.parametrize("text", [SIGNED_CLASS, SIGNED_BUILD])
def test_who_asks_for_the_signature_says_what_it_takes(tmp_path: Path, text: str) -> None:
    unsaid = text.replace('inputs = [["vector"', 'other = [["vector"')
    assert "must say which kinds of data it takes" in error(write(tmp_path, model=unsaid))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import keras\n1 / 0\n", "model.py, line 2: ZeroDivisionError: division by zero"),
        ("x = 1\ndef build(hp:\n", "model.py, line 2: SyntaxError: "),
        ("import sys\n\nsys.exit(3)\n", "model.py, line 3: SystemExit: it ends the program"),
        ("import no_such_thing\n", "model.py, line 1: ModuleNotFoundError: No module named"),
        ("x = 1\n", "model.py offers no model"),
        (dedent(BUILD) + dedent(CLASS), "more than one model: Mine (line 16), build (line 7)"),
        ("def build():\n    pass\n", "build must take hp, or hp and signature, not nothing"),
        (CLASS.replace("'''Mine.'''", "def __init__(self, size): ..."), "Mine needs size"),
        (
            "def build(hp):\n    hp.Int('n', 1, 3)\n    return 1 + 'a'\n",
            "model.py, line 3: TypeErr",
        ),
        ("def build(hp):\n    hp.Int('n', 1, 3)\n", "build returned NoneType, not a keras.Model"),
        ("def build(hp):\n    raise SystemExit\n", "model.py, line 2: SystemExit"),
        (
            CLASS.replace("'''Mine.'''", "def __init__(self):\n            self.x = {}['y']\n"),
            "making the model failed: model.py, line 7: KeyError: 'y'",
        ),
    ],
)
def test_broken_file_says_where_and_why(tmp_path: Path, text: str, reason: str) -> None:
    folders = write(tmp_path, model=text)
    (found,) = find(folders)
    entry = described(found)
    assert reason in entry["error"]
    assert "\n" not in entry["error"]
    assert str(tmp_path) not in entry["error"]
    assert (entry["name"], entry["status"], entry["parameters"]) == ("model", "broken", [])


def test_branch_that_does_not_build_is_named_with_its_line(tmp_path: Path) -> None:
    text = dedent(BUILD) + "    hp.Float('no', 0, 1)\n"
    text = text.replace("model.compile", "assert hp.Boolean('deep') is False\n    model.compile")
    reason = error(write(tmp_path, model=text))
    assert reason.startswith(
        "building the model with deep = true failed: model.py, line 10: Assert"
    )


def test_error_in_a_helper_beside_the_file_names_the_helper(tmp_path: Path) -> None:
    files = {"_aid_broken": "\n\n1 / 0\n", "model": "import _aid_broken\n"}
    assert "_aid_broken.py, line 3: ZeroDivisionError" in error(write(tmp_path, **files))


def test_broken_file_hurts_no_other(tmp_path: Path) -> None:
    found = find(write(tmp_path, a="1 / 0", b=BUILD, _aside="1 / 0"))
    assert [(one.name, type(one)) for one in found] == [("a", Broken), ("b", Own)]


def test_helper_beside_the_file_can_be_imported(tmp_path: Path) -> None:
    text = "import aid_units\n" + dedent(BUILD).replace('hp.Int("units", 2, 8)', "aid_units.N")
    folders = write(tmp_path, _model="", model=text)
    (tmp_path / "aid_units").mkdir()
    (tmp_path / "aid_units" / "__init__.py").write_text("N = 3\n")
    assert described(only(folders))["status"] == "ready"


def test_taken_names_stay_with_who_had_them(tmp_path: Path) -> None:
    folders = write(tmp_path / "one", dense=BUILD, model=BUILD)
    folders += write(tmp_path / "two", model=BUILD, **{"my model": BUILD})
    found = find(folders)
    assert [(one.name, type(one)) for one in found] == [
        ("dense.py", Broken),
        ("model", Own),
        ("model.py", Broken),
        ("my-model.py", Broken),
    ]
    errors = [one.error for one in found if isinstance(one, Broken)]
    assert 'dense.py: the name "dense" is a built-in search space' in errors[0]
    assert 'model.py: the name "model" is taken' in errors[1]
    assert "my model.py: its name must be letters" in errors[2]


def test_looking_one_up_runs_no_other_file(tmp_path: Path) -> None:
    folders = write(tmp_path, model=BUILD, other="import aid_marker\n", aid_marker="")
    found = look_up("model", folders)
    assert isinstance(found, Own)
    assert look_up("nothing", folders) is None
    assert "aid_marker" not in sys.modules


def test_folder_that_is_not_there_offers_nothing(tmp_path: Path) -> None:
    assert find([tmp_path / "gone"]) == []


def test_installed_packages_offer_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, own_package=dedent(BUILD) + dedent(CLASS), own_package_file=BUILD)
    info = tmp_path / "own_package-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-package\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[tuner.search_spaces]\nby_class = own_package:Mine\nby_function = own_package:build\n"
        "by_module = own_package_file\ndense = own_package:Mine\ngone = own_package:nothing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find([])
    assert [(one.name, type(one), one.source) for one in found] == [
        ("by_class", Own, "own-package 1.2"),
        ("by_function", Own, "own-package 1.2"),
        ("by_module", Own, "own-package 1.2"),
        ("dense.own-package-1.2", Broken, "own-package 1.2"),
        ("gone", Broken, "own-package 1.2"),
    ]
    assert [names(described(one)) for one in found[:3]] == [["units"]] * 3


FIT = """
        def fit(self, hp, model, *args, **kwargs):
            hp.Boolean("shuffled")
            history = model.fit(*args, batch_size=hp.Choice("batch_size", [16, 32]), **kwargs)
            if max(history.history["val_accuracy"]) < 2:
                model.compile(hp.Choice("second_optimizer", ["adam", "sgd"]), "mse")
                model.fit(*args, epochs=hp.Int("more_epochs", 1, 3), **kwargs)
            return {"val_loss": 1.0}
"""


def test_what_only_fit_asks_for_is_found(tmp_path: Path) -> None:
    own = only(write(tmp_path, model=CLASS + FIT))
    found = ["units", "shuffled", "batch_size", "second_optimizer", "more_epochs"]
    assert names(described(own)) == found


@pytest.mark.parametrize(
    "body",
    [
        "hp.Int('before', 1, 3); x[0]; hp.Int('after', 1, 3)",
        "hp.Int('before', 1, 3)\n            while True: model.fit(x, y)",
        "hp.Int('before', 1, 3); model.predict(x); hp.Int('after', 1, 3)",
    ],
)
def test_fit_that_needs_data_counts_up_to_there(tmp_path: Path, body: str) -> None:
    fit = f"\n        def fit(self, hp, model, x, y, validation_data):\n            {body}\n"
    assert names(described(only(write(tmp_path, model=CLASS + fit)))) == ["units", "before"]


def test_rehearsing_a_fit_leaves_the_models_own(tmp_path: Path) -> None:
    hypermodel = only(write(tmp_path, model=CLASS + FIT)).hypermodel(DATA)
    hp = keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    assert own_fit.has_own_fit(hypermodel)
    own_fit.rehearse(hypermodel, hp, model)
    assert "more_epochs" in hp
    assert "fit" not in vars(model)


def test_fit_is_given_what_it_has_room_for(tmp_path: Path) -> None:
    fit = "\n        def fit(self, hp, model, x, y, epochs): ...\n"
    given = {"epochs": 3, "callbacks": []}
    narrow, wide = find(write(tmp_path, narrow=CLASS + fit, wide=CLASS + FIT))
    assert isinstance(narrow, Own)
    assert isinstance(wide, Own)
    assert own_fit.taken(narrow.hypermodel(DATA), given) == {"epochs": 3}
    assert own_fit.taken(wide.hypermodel(DATA), given) == given
