"""Tables as arrays: what was described, the same every time, fitted on the training part alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras_tuner
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_spaces import registry
from search_spaces.datasets.dataset import Array, Dataset
from search_spaces.datasets.files import (
    BadFile,
    Limits,
    Told,
    describe,
    load,
    splits,
)
from search_spaces.datasets.files.description import SEED
from search_spaces.datasets.files.prediction import Inputs
from search_spaces.datasets.files.tables import prepared
from search_spaces.signature import Field, Kind

ROWS = 50
VALUES: dict[str, list[object]] = {
    "age": [float(row % 17) + 0.25 for row in range(ROWS)],
    "colour": ["red", "green", "blue", "red", "red"] * 10,
    "text": [f"number {row % 7} of many" for row in range(ROWS)],
    "row": list(range(ROWS)),
    "label": ["yes", "no"] * 25,
}
AS_NUMBERS = Told(kinds={"row": "number", "text": "tokens"})


def written(folder: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    path = folder / "table.parquet"
    pl.DataFrame(columns, strict=False).write_parquet(path)
    return path


def loaded(path: Path, told: Told | None = None) -> Dataset:
    return load(path, path.suffix[1:], told or Told(), Limits(), "mine")


def check_as_described(dataset: Dataset, path: Path, told: Told) -> None:
    found = describe(path, path.suffix[1:], told, Limits())
    assert dataset.signature == found.signature
    assert dataset.sizes == found.sizes
    for part in (dataset.train, dataset.validation, dataset.test):
        for fields, arrays in (
            (dataset.signature.inputs, part.inputs),
            (dataset.signature.outputs, part.outputs),
        ):
            for field in fields:
                check_array(arrays[field.name], field, len(part))


def check_array(array: Array, field: Field, rows: int) -> None:
    assert array.shape == (rows, *field.shape)
    assert array.dtype == field.dtype
    assert np.isfinite(array).all()
    if field.classes is not None:
        assert 0 <= array.min() <= array.max() < field.classes
    if field.vocabulary is not None:
        assert 0 <= array.min() <= array.max() < field.vocabulary


def check_new_rows(dataset: Dataset, path: Path) -> None:
    """The file's own rows are prepared for a model as they were for training, by what is left in JSON."""
    parts = (dataset.train, dataset.validation, dataset.test)
    left = json.loads(json.dumps(dataset.preparation))
    made = Inputs.from_json(left).features(path)
    given = made if isinstance(made, dict) else {dataset.signature.inputs[0].name: made}
    for name, array in given.items():
        known = {row.tobytes() for row in array}
        assert {row.tobytes() for part in parts for row in part.inputs[name]} <= known


def test_a_table_becomes_what_was_described_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, VALUES)
    dataset = loaded(path, AS_NUMBERS)
    check_as_described(dataset, path, AS_NUMBERS)
    numbers, categories, words = np.split(dataset.train.inputs["features"], [2, 6], axis=1)
    assert np.allclose(numbers.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(numbers.std(axis=0), 1, atol=1e-5)
    assert (categories.sum(axis=1) == 1).all()
    assert not categories[:, 0].any()  # Nothing is unknown in the training part.
    assert (words.sum(axis=1) == 4).all()


def test_the_same_file_gives_the_same_arrays(tmp_path: Path) -> None:
    path = written(tmp_path, VALUES)
    assert loaded(path).sha256 == loaded(path).sha256


def test_other_held_out_rows_change_nothing_in_the_training_part(tmp_path: Path) -> None:
    before = loaded(written(tmp_path, VALUES), AS_NUMBERS)
    labels = np.array([answer == "yes" for answer in VALUES["label"]])
    train = set(splits.divided(labels, ROWS, SEED).train.tolist())
    strange = {"age": 1e30, "row": -5, "colour": "mauve", "text": "words never seen"}
    changed = {
        name: [
            value if row in train else strange.get(name, value) for row, value in enumerate(values)
        ]
        for name, values in VALUES.items()
    }
    after = loaded(written(tmp_path, changed), AS_NUMBERS)
    assert after.signature == before.signature
    assert (after.train.inputs["features"] == before.train.inputs["features"]).all()
    held_out = after.validation.inputs["features"]
    assert held_out[:, 2].all()  # Their colours are unknown.
    assert np.isfinite(held_out).all()


def test_texts_alone_become_tokens(tmp_path: Path) -> None:
    path = written(tmp_path, {name: VALUES[name] for name in ("text", "label")})
    told = Told(kinds={"text": "tokens"})
    check_as_described(loaded(path, told), path, told)


def test_csv_and_parquet_of_one_table_give_the_same_arrays(tmp_path: Path) -> None:
    parquet = written(tmp_path, VALUES)
    csv = tmp_path / "table.csv"
    pl.read_parquet(parquet).write_csv(csv)
    assert loaded(csv).sha256 == loaded(parquet).sha256


def test_missing_numbers_are_the_median_of_the_training_part(tmp_path: Path) -> None:
    column = [None if row % 5 == 0 else float(row**2) for row in range(ROWS)]
    path = written(tmp_path, {"age": column, "y": [float(row) for row in range(ROWS)]})
    dataset = loaded(path)
    check_as_described(dataset, path, Told())
    rows = dataset.train.outputs["y"].astype(int)
    values = dataset.train.inputs["features"][:, 0]
    missing = rows % 5 == 0
    assert np.allclose(values[missing], np.median(values[~missing]), atol=1e-6)


@pytest.mark.parametrize(
    "column",
    [
        [1.7e9 + row for row in range(ROWS)],
        [1e-12 * row for row in range(ROWS)],
        [3e38 * (-1) ** row for row in range(ROWS)],
        [float(row == 7) * 5e-324 for row in range(ROWS)],
    ],
    ids=["time stamps", "tiny", "huge", "denormal"],
)
def test_numbers_of_any_size_are_normalised(tmp_path: Path, column: list[float]) -> None:
    # In a stratified split row 7, the odd one, may be held out: then the column is left out, as "row" is not.
    path = written(tmp_path, {"x": column, "row": range(ROWS), "y": VALUES["label"]})
    told = Told(kinds={"row": "number"})
    dataset = loaded(path, told)
    check_as_described(dataset, path, told)
    deviations = dataset.train.inputs["features"].std(axis=0)
    assert np.allclose(deviations, 1, atol=1e-4)


def test_numbers_agree_with_plain_standardising(tmp_path: Path) -> None:
    path = written(tmp_path, {"age": VALUES["age"], "y": [float(row) for row in range(ROWS)]})
    dataset = loaded(path)
    raw = np.array(VALUES["age"], dtype=np.float64)
    train, test = (part.outputs["y"].astype(int) for part in (dataset.train, dataset.test))
    expected = (raw[test] - raw[train].mean()) / raw[train].std()
    assert np.allclose(dataset.test.inputs["features"][:, 0], expected, atol=1e-5)


def test_many_columns_keep_their_order(tmp_path: Path) -> None:
    columns: dict[str, list[float]] = {
        f"x{place}": np.random.RandomState(place).normal(size=ROWS).tolist() for place in range(40)
    }
    path = written(tmp_path, {**columns, "y": range(ROWS)})
    dataset = loaded(path, Told(task="regression"))
    rows = dataset.test.outputs["y"].astype(int)
    for place, column in enumerate(columns.values()):
        found = dataset.test.inputs["features"][:, place]
        assert np.corrcoef(found, np.array(column)[rows])[0, 1] > 0.999


def test_a_family_learns_from_a_table_whatever_its_columns_are_called(tmp_path: Path) -> None:
    kinds = ["früh", "spät"] * 100
    hours = [6.0 + row % 5 if kind == "früh" else 18.0 + row % 5 for row, kind in enumerate(kinds)]
    path = written(tmp_path, {"Uhr/zeit (h)": hours, "wann → genau?": kinds})
    dataset = loaded(path)
    model = registry.build("dense", dataset.signature).build(keras_tuner.HyperParameters())
    (hour,), (when,) = dataset.train.inputs.values(), dataset.train.outputs.values()
    model.fit(hour, when, epochs=20, verbose=0)
    (hour,), (when,) = dataset.test.inputs.values(), dataset.test.outputs.values()
    assert model.evaluate(hour, when, verbose=0, return_dict=True)["accuracy"] > 0.9


def test_without_tensorflow_a_table_is_described_and_says_what_loading_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "find_spec", lambda name: None)
    path = written(tmp_path, VALUES)
    describe(path, "parquet", Told(), Limits())
    with pytest.raises(BadFile, match="need TensorFlow"):
        loaded(path)


CELLS = st.one_of(
    st.none(),
    st.floats(width=32),
    st.integers(-3, 3),
    st.sampled_from(["red", "blue", "", "[UNK]", "a b", "1,5", "é\0", "\0", "2024-02-29"]),
    st.text(max_size=8),
)
COLUMNS = st.one_of(
    st.lists(CELLS, min_size=12, max_size=12),
    st.lists(st.floats(), min_size=12, max_size=12),
    st.lists(st.sampled_from(["red", "blue", "green", None]), min_size=12, max_size=12),
    st.lists(st.text("ab \0.,é", min_size=3, max_size=12), min_size=12, max_size=12),
)
NAMES = st.text(min_size=1, max_size=4).filter(str.strip)
TABLES = st.dictionaries(NAMES, COLUMNS, min_size=1, max_size=4)
ANSWERS = st.lists(st.sampled_from(["yes", "no"]), min_size=12, max_size=12)
TOLD = st.dictionaries(
    st.integers(0, 3), st.sampled_from(["number", "class", "tokens"]), max_size=2
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(TABLES, ANSWERS | COLUMNS, TOLD)
def test_any_table_is_loaded_as_described_or_refused(
    tmp_path: Path,
    columns: dict[str, list[object]],
    answers: list[object],
    told_places: dict[int, Kind],
) -> None:
    texts = {
        name: [value if value is None else str(value) for value in values]
        for name, values in {**columns, "label": answers}.items()
    }
    names = list(texts)
    told = Told(kinds={names[place % len(names)]: kind for place, kind in told_places.items()})
    path = written(tmp_path, texts)
    try:
        dataset = loaded(path, told)
    except BadFile:
        return
    check_as_described(dataset, path, told)
    check_new_rows(dataset, path)
