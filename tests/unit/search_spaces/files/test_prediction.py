"""New rows become for a trained model what the same rows became in training, by what is left in JSON."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.files import BadFile, Limits, Told, load, splits
from search_spaces.datasets.files.description import SEED
from search_spaces.datasets.files.prediction import Inputs
from tests.unit.search_spaces.files.making import npz

ROWS = 60
ANSWERS: list[object] = [["no", "perhaps", "yes"][row % 3] for row in range(ROWS)]
PARTS = splits.divided(np.array([row % 3 for row in range(ROWS)]), ROWS, SEED)
UNSEEN, LACKING = PARTS.test[0], PARTS.test[1]
COLUMNS: dict[str, list[object]] = {
    "age": [None if row % 7 == 0 else row % 17 + 0.25 for row in range(ROWS)],
    "seen": [f"2024-01-{1 + row % 28:02}" for row in range(ROWS)],
    "colour": ["red", "green", None, "blue", "red", "red"] * 10,
    "remark": [f"number {row % 7} of Many!" for row in range(ROWS)],
    "row": list(range(ROWS)),
    "answer": ANSWERS,
}
COLUMNS["colour"][UNSEEN] = "mauve"
for lacking in ("age", "colour", "remark"):
    COLUMNS[lacking][LACKING] = None
TOLD = Told(target=("answer",), kinds={"remark": "tokens"})


def written(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    frame = pl.DataFrame(columns)
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path


def loaded(path: Path, told: Told = TOLD) -> tuple[Dataset, Inputs]:
    """The data set, and what a trial on it leaves of it, through JSON."""
    dataset = load(path, path.suffix[1:], told, Limits(), "mine")
    left = path.with_name("inputs.json")
    left.write_text(json.dumps(dataset.preparation))
    return dataset, Inputs.load(left)


def held_out(columns: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """The rows of the test part as their user has them, without the target."""
    return {
        name: [values[row] for row in PARTS.test]
        for name, values in columns.items()
        if name != "answer"
    }


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_that_nobody_prepared_become_what_the_same_rows_became(
    tmp_path: Path, suffix: str
) -> None:
    dataset, inputs = loaded(written(tmp_path / f"all{suffix}", COLUMNS))
    expected = dataset.test.inputs["features"]
    unseen, lacking = expected[0], expected[1]
    assert unseen[2] == 1.0  # after two numbers, the place of unknown categories
    assert lacking[2] == 0.0
    given = written(tmp_path / f"new{suffix}", held_out(COLUMNS))
    assert np.array_equal(inputs.features(given), expected)
    assert np.array_equal(inputs.features(str(given)), expected)


def test_rows_may_be_dictionaries(tmp_path: Path) -> None:
    dataset, inputs = loaded(written(tmp_path / "all.csv", COLUMNS))
    rows = pl.DataFrame(held_out(COLUMNS)).to_dicts()
    rows[1] = {name: value for name, value in rows[1].items() if value is not None}
    expected = dataset.test.inputs["features"]
    assert np.array_equal(inputs.features(rows), expected)
    assert np.array_equal(inputs.features(rows[:1]), expected[:1])


def test_columns_may_be_more_and_in_another_order(tmp_path: Path) -> None:
    dataset, inputs = loaded(written(tmp_path / "all.csv", COLUMNS))
    columns: dict[str, Sequence[object]] = {
        "note": ["x"] * len(PARTS.test),
        **dict(reversed(held_out(COLUMNS).items())),
    }
    given = written(tmp_path / "new.csv", columns)
    assert np.array_equal(inputs.features(given), dataset.test.inputs["features"])


def test_texts_alone_are_tokens_and_one_column_is_enough(tmp_path: Path) -> None:
    texts: dict[str, Sequence[object]] = {name: COLUMNS[name] for name in ("remark", "answer")}
    dataset, inputs = loaded(written(tmp_path / "all.parquet", texts))
    given = written(tmp_path / "new.csv", held_out(texts))
    # A lacking text is a blank line there, and no row.
    present = [row for row, text in enumerate(held_out(texts)["remark"]) if text is not None]
    assert np.array_equal(inputs.features(given), dataset.test.inputs["remark"][present])


def test_several_texts_and_targets_go_by_their_names(tmp_path: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "title": [f"about {row % 5}" for row in range(ROWS)],
        "body": [f"so much {row % 9} and no more" for row in range(ROWS)],
        "answer": ANSWERS,
        "price": [float(row) * 1000 for row in range(ROWS)],
    }
    told = Told(target=("answer", "price"), kinds={"title": "tokens", "body": "tokens"})
    dataset, inputs = loaded(written(tmp_path / "all.csv", columns), told)
    made = inputs.features(written(tmp_path / "new.csv", held_out(columns)))
    assert {name: array.tolist() for name, array in made.items()} == {
        name: array.tolist() for name, array in dataset.test.inputs.items()
    }
    likely, prices = np.eye(3)[[2, 0]], np.array([[5.0], [7.0]])
    said = {"answer": ["yes", "no"], "price": [5.0, 7.0]}
    assert inputs.names({"price": prices, "answer": likely}) == said
    assert inputs.names([likely, prices]) == said


def test_texts_of_class_folders_are_a_list_of_texts(tmp_path: Path) -> None:
    texts = [f"So {'good' if row % 2 else 'bad'}, {row % 5} times" for row in range(ROWS)]
    texts[3:5] = ["NA", "nan"]  # in a file, words like any other
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for row, text in enumerate(texts):
            archive.writestr(f"{'liked' if row % 2 else 'not'}/{row:02}.txt", text)
    dataset, inputs = loaded(tmp_path / "all.zip", Told())
    parts = (dataset.train, dataset.validation, dataset.test)
    known = sorted(map(tuple, np.concatenate([part.inputs["text"] for part in parts]).tolist()))
    assert sorted(map(tuple, inputs.features(texts).tolist())) == known
    assert inputs.names(np.array([[0.2], [0.9]])) == {"label": ["liked", "not"]}
    with pytest.raises(BadFile, match="as a list"):
        inputs.features("new.csv")


def test_what_needs_no_preparation_leaves_none(tmp_path: Path) -> None:
    file = npz(tmp_path / "all.npz", x=np.ones((9, 2)), y=np.arange(9) % 3)
    assert load(file, "npz", Told(), Limits(), "mine").preparation is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"age": [1], "seen": ["2024-01-01"], "colour": ["red"]}, 'no column "remark"'),
        (
            {"age": ["old"], "seen": ["2024-01-01"], "colour": ["red"], "remark": ["x"]},
            'column "age", line 2: "old" is not a number',
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    tmp_path: Path, columns: dict[str, list[object]], said: str
) -> None:
    _, inputs = loaded(written(tmp_path / "all.csv", COLUMNS))
    with pytest.raises(BadFile, match=said):
        inputs.features(written(tmp_path / "new.csv", columns))


@pytest.mark.parametrize("rows", [[], ["a text"], [{"age": [1, 2]}], 7])
def test_what_are_no_rows_is_refused(tmp_path: Path, rows: Any) -> None:
    _, inputs = loaded(written(tmp_path / "all.csv", COLUMNS))
    with pytest.raises((BadFile, TypeError)):
        inputs.features(rows)


def test_predictions_of_another_shape_are_refused(tmp_path: Path) -> None:
    _, inputs = loaded(written(tmp_path / "all.csv", COLUMNS))
    with pytest.raises(ValueError, match=r"shape \(2, 1\), it has 3 classes"):
        inputs.names(np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no inputs.json"),
        ("[]", "is no inputs.json"),
        ('{"format": 1}', "is no inputs.json"),
        ('{"format": 2}', "is of format 2, this version reads 1"),
    ],
)
def test_what_is_no_inputs_json_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "inputs.json").write_text(content)
    with pytest.raises(BadFile, match=said):
        Inputs.load(tmp_path / "inputs.json")


def test_characters_that_end_a_word_for_keras_are_left_out(tmp_path: Path) -> None:
    texts = ["a\0 \0 b", "a b\0c\0"] * (ROWS // 2)
    columns: dict[str, Sequence[object]] = {
        "remark": texts,
        "answer": ANSWERS,
        "kind": ["x\0", "x", "y\0z"] * (ROWS // 3),
    }
    dataset, inputs = loaded(written(tmp_path / "all.parquet", columns))
    given = inputs.features(written(tmp_path / "new.parquet", held_out(columns)))
    assert np.array_equal(given, dataset.test.inputs["features"])
    assert given.shape[1] == 1 + len(("x", "yz")) + 1 + len(("a", "b", "bc"))
