"""What columns are is inferred, can be said, and is told in notes."""

import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest

from search_spaces.datasets.files import BadFile, Description, Limits, Told, describe
from search_spaces.datasets.files.tables.names import field_names
from search_spaces.signature import label, number, tokens, vector

Columns = Mapping[str, Sequence[object]]

ROWS = 60
COLOURS = ["red", "green", "blue"] * 20
AGES = [20.5 + row for row in range(ROWS)]
TEXTS = [f"word{row} said again" for row in range(ROWS)]
ANSWERS = ["yes", "no"] * 30


def described(folder: Path, columns: Columns, told: Told | None = None) -> Description:
    path = folder / "table.csv"
    pl.DataFrame({name: [str(v) for v in values] for name, values in columns.items()}).write_csv(
        path
    )
    return describe(path, "csv", told or Told(), Limits())


def test_numbers_and_categories_are_one_vector(tmp_path: Path) -> None:
    found = described(tmp_path, {"age": AGES, "colour": COLOURS, "label": ANSWERS})
    assert found.signature.inputs == (vector("features", 1 + 3 + 1),)
    assert found.signature.outputs == (label("label", 2, ("no", "yes")),)
    assert found.sizes == {"train": 36, "validation": 12, "test": 12}
    assert found.notes == ()


def test_texts_alone_are_fields_of_their_own(tmp_path: Path) -> None:
    found = described(tmp_path, {"the text": TEXTS, "title": TEXTS, "label": ANSWERS})
    assert [field.name for field in found.signature.inputs] == ["the_text", "title"]
    assert found.signature.inputs[0] == tokens("the_text", 3, 36 + 2 + 2)


def test_texts_beside_other_columns_join_the_vector(tmp_path: Path) -> None:
    found = described(tmp_path, {"age": AGES, "text": TEXTS, "label": ANSWERS})
    assert found.signature.inputs == (vector("features", 1 + 36 + 2 + 1),)
    assert "a text beside other columns" in found.notes[0]


def test_the_vector_holds_the_most_frequent_words_only(tmp_path: Path) -> None:
    texts = [" ".join(f"w{row}x{word}" for word in range(40)) for row in range(ROWS)]
    found = described(tmp_path, {"age": AGES, "text": texts, "label": ANSWERS})
    assert found.signature.inputs == (vector("features", 1 + 1001),)


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"Outcome": ANSWERS, "age": AGES}, "Outcome"),
        ({"age": AGES, "colour": COLOURS}, "colour"),
        ({"y": ANSWERS, "label": COLOURS, "age": AGES}, "label"),
    ],
)
def test_the_target_goes_by_its_name_or_is_the_last(
    tmp_path: Path, columns: Columns, target: str
) -> None:
    found = described(tmp_path, columns)
    assert [field.name for field in found.signature.outputs] == [target]
    guessed = target != "Outcome"
    assert any('say "target" to predict another' in note for note in found.notes) == guessed


def test_several_targets_can_be_said(tmp_path: Path) -> None:
    columns: Columns = {"income": AGES, "colour": COLOURS, "age": AGES}
    found = described(tmp_path, columns, Told(target=("colour", "income")))
    colour, income = found.signature.outputs
    assert colour == label("colour", 3, ("blue", "green", "red"))
    assert income == number("income", income.mean, income.deviation)
    assert income.deviation is not None
    assert income.deviation > 0


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["1", "2"] * 30, ("1", "2")),
        (["1.0", "2"] * 30, ("1", "2")),
        (["10", "9"] * 30, ("9", "10")),
        (["true", "false"] * 30, ("false", "true")),
        ([str(row) for row in range(ROWS)], None),
        (["1.5", "2.5"] * 30, None),
    ],
)
def test_the_kind_of_a_target_goes_by_its_values(
    tmp_path: Path, values: list[str], classes: tuple[str, ...] | None
) -> None:
    (field,) = described(tmp_path, {"age": AGES, "y": values}).signature.outputs
    expected = number("y", field.mean, field.deviation)
    assert field == (expected if classes is None else label("y", len(classes), classes))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (Told(task="regression"), "number"),
        (Told(task="classification"), "class"),
        (Told(task="classification", kinds={"y": "number"}), "number"),
    ],
)
def test_the_kind_of_a_target_can_be_said(tmp_path: Path, told: Told, kind: str) -> None:
    (field,) = described(tmp_path, {"age": AGES, "y": ["1.5", "2.5"] * 30}, told).signature.outputs
    assert field.kind == kind


def test_the_kind_of_a_column_can_be_said(tmp_path: Path) -> None:
    columns: Columns = {
        "code": [1, 2, 3] * 20,
        "colour": COLOURS,
        "id": range(ROWS),
        "label": ANSWERS,
    }
    told = Told(kinds={"code": "class", "colour": "tokens", "id": "number"})
    found = described(tmp_path, columns, told)
    assert found.signature.inputs == (vector("features", 1 + (3 + 1) + (3 + 1)),)


def test_what_cannot_help_is_left_out_and_noted(tmp_path: Path) -> None:
    columns: Columns = {
        "PassengerId": range(ROWS),
        "empty": ["?"] * ROWS,
        "same": ["x"] * ROWS,
        "seven": [7] * ROWS,
        "code": [f"c{row}" for row in range(ROWS)],
        "age": AGES,
        "label": ANSWERS,
    }
    found = described(tmp_path, columns)
    assert found.signature.inputs == (vector("features", 1),)
    for name, why in {
        "PassengerId": "it only tells rows apart",
        "empty": "it is empty",
        "same": 'it is "x" in all',
        "seven": "it is 7 in all",
        "code": "36 different words in 36 training rows",
    }.items():
        assert any(note.startswith(f'column "{name}" is left out: {why}') for note in found.notes)


def test_missing_values_are_noted(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "age": ["NA", "inf", *AGES[2:]],
        "colour": ["?", *COLOURS[1:]],
        "text": ["", *TEXTS[1:]],
        "label": [*ANSWERS[:-1], ""],
    }
    notes = "\n".join(described(tmp_path, columns).notes)
    assert '1 of 60 rows dropped, which have no value in column "label"' in notes
    assert 'column "age": 2 of 59 values missing, filled with the median of the training' in notes
    assert 'column "colour": 1 of 59 values missing, which is a category of its own' in notes
    assert 'column "text": 1 of 59 values missing, which are empty texts' in notes


def test_dates_are_days(tmp_path: Path) -> None:
    days = [f"2024-01-{row % 28 + 1:02} 12:00" for row in range(ROWS)]
    found = described(tmp_path, {"day": days, "label": ANSWERS})
    assert found.signature.inputs == (vector("features", 1),)
    assert 'column "day": dates, as days since 1970-01-01' in found.notes


def test_a_class_with_one_example_is_noted(tmp_path: Path) -> None:
    found = described(tmp_path, {"count": AGES, "label": ["once", *ANSWERS[1:]]})
    assert 'column "label": class has one example only: "once"' in found.notes


@pytest.mark.parametrize(
    ("columns", "told", "message"),
    [
        ({"age": AGES, "y": ["x"] * ROWS}, Told(), 'column "y": is "x" in all rows'),
        ({"age": AGES, "y": TEXTS}, Told(), 'column "y": has 60 different values in 60 rows'),
        ({"age": AGES, "y": ["x", *[""] * 59]}, Told(), '1 row with a value in column "y"'),
        ({"age": AGES, "y": ANSWERS}, Told(target=("z",)), 'no column "z".*"age", "y"'),
        ({"age": AGES, "y": ANSWERS}, Told(kinds={"z": "class"}), 'no column "z"'),
        (
            {"age": AGES, "y": ANSWERS},
            Told(kinds={"age": "image"}),
            'column "age": is told to be image',
        ),
        (
            {"age": AGES, "y": ANSWERS},
            Told(kinds={"y": "tokens"}),
            'column "y": is a target and told',
        ),
        ({"age": AGES, "y": ANSWERS}, Told(target=("age", "y")), "none is left to predict from"),
        ({"age": [1] * ROWS, "y": ANSWERS}, Told(), "no column is left to predict from"),
        (
            {"age": [*AGES[:-1], "old"], "y": ANSWERS},
            Told(),
            'column "age", line 61: "old" is not a number',
        ),
        (
            {"colour": COLOURS, "y": ANSWERS},
            Told(kinds={"colour": "number"}),
            'column "colour", line 2: "red" is not a number',
        ),
        (
            {"age": AGES, "y": ANSWERS},
            Told(task="regression"),
            'column "y", line 2: "yes" is not a number',
        ),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    tmp_path: Path, columns: Columns, told: Told, message: str
) -> None:
    with pytest.raises(BadFile, match=message):
        described(tmp_path, columns, told)


def test_an_error_names_the_line_after_dropped_rows(tmp_path: Path) -> None:
    columns: Columns = {"age": [*AGES[:-1], "old"], "y": ["", *ANSWERS[1:]]}
    with pytest.raises(BadFile, match='column "age", line 61'):
        described(tmp_path, columns)


def test_arrays_larger_than_allowed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    random.seed(0)
    words = [f"word{random.randrange(800)}" for _ in range(20_000)]
    pl.DataFrame({"word": words, "y": [0, 1] * 10_000}).write_parquet(path)
    with pytest.raises(BadFile, match="unfolds to more than the 10,000,000 bytes"):
        describe(path, "parquet", Told(), Limits(unpacked_bytes=10_000_000))


def test_field_names_are_plain_and_different() -> None:
    names = field_names(["a b", "a/b", "A.B", "é", "日本", "1st", "Features"], taken=["features"])
    assert list(names.values()) == [
        "a_b",
        "a_b_2",
        "A_B_3",
        "e",
        "column",
        "column_1st",
        "Features_2",
    ]


def test_looking_into_a_table_needs_no_keras(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    pl.DataFrame({"text": TEXTS, "age": AGES, "y": ANSWERS}).write_csv(path)
    script = (
        "import sys; from pathlib import Path; from search_spaces.datasets.files import *; "
        f"describe(Path({str(path)!r}), 'csv', Told(), Limits()); "
        "print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
