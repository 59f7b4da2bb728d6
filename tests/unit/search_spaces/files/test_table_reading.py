"""Files are read whole or refused by line and column; nothing else ever escapes."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search_spaces.datasets.files import BadFile, Limits, Told, describe
from search_spaces.datasets.files.tables import from_csv, from_parquet
from search_spaces.datasets.files.tables.content import Table

Csv = Callable[[str], Path]


@pytest.fixture
def csv(tmp_path: Path) -> Csv:
    def written(text: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode())
        return path

    return written


def read(path: Path) -> Table:
    return from_csv.read(path, Limits())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(csv: Csv, delimiter: str) -> None:
    table = read(csv(f'a{delimiter}b\n1{delimiter}"x, y; z"\n2{delimiter}w\n'))
    assert table.frame.rows() == [("1", "x, y; z"), ("2", "w")]


def test_the_delimiter_is_that_on_which_rows_agree(csv: Csv) -> None:
    table = read(csv("text;label\nwell, well, well;1\nwell;0\nno, never;1\n"))
    assert table.columns == ["text", "label"]


def test_a_byte_order_mark_and_outer_spaces_are_not_part_of_a_name_or_value(csv: Csv) -> None:
    table = read(csv("\ufeffa , b\n 1 ,x \n"))
    assert table.columns == ["a", "b"]
    assert table.frame.rows() == [("1", "x")]


def test_what_stands_for_no_value_is_missing(csv: Csv) -> None:
    table = read(csv("a,b\nNA,1\nN/A,2\nNaN,3\nnull,4\nNone,5\n?,6\n,7\nnone,8\n"))
    assert table.frame["a"].to_list() == [None] * 7 + ["none"]


def test_decimal_commas_are_read_where_commas_do_not_separate(csv: Csv) -> None:
    table = read(csv("a;b\n1,5;x,y\n2;z\n"))
    assert table.frame["a"].to_list() == ["1.5", "2"]
    assert table.frame["b"].to_list() == ["x,y", "z"]
    assert table.notes == ('column "a": numbers with a decimal comma',)


def test_a_table_that_seems_to_lack_its_header_says_so(csv: Csv) -> None:
    assert "is the header missing?" in read(csv("5.1,3.5,setosa\n4.9,3.0,setosa\n")).notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "a header and no rows"),
        ("a\n1\n", 'one column, "a"'),
        ("a,b,a\n1,2,3\n", 'column "a": 2 columns have this name'),
        (",b\n1,2\n", "column 1: has no name"),
        ("a,b\n1,2\n3\n", "line 3: has 1 field, the header has 2"),
        ("a,b\n1,2,3\n", "line 2: has 3 fields, the header has 2"),
        ('a,b\n"x\n\ny",2\n\n3,4,5\n', "line 6: has 3 fields"),
        ('a,b\n1,"x\n', "line 2: cannot be read as CSV: unexpected end of data"),
        ('a,b\n1,"x"y\n', "line 2: cannot be read as CSV"),
        ("a,b\n1,\0\n", "line 2: holds a NUL"),
        ("a,b\n1," + "x" * 200_000 + "\n", "line 2: cannot be read as CSV: field larger"),
    ],
)
def test_a_broken_csv_is_refused_by_its_line(csv: Csv, text: str, message: str) -> None:
    with pytest.raises(BadFile, match=message.replace("?", r"\?")):
        read(csv(text))


def test_what_is_not_utf8_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("a,b\n1,x\n2,é\n".encode("latin-1"))
    with pytest.raises(BadFile, match="line 3: is not UTF-8"):
        read(path)


@pytest.mark.parametrize("unpacked_bytes", [10, 40])
def test_a_csv_that_needs_more_memory_than_allowed_is_refused(
    csv: Csv, unpacked_bytes: int
) -> None:
    with pytest.raises(BadFile, match="unfolds to more than"):
        from_csv.read(csv("a,b\n1,2\n3,4\n"), Limits(unpacked_bytes=unpacked_bytes))


def parquet(tmp_path: Path, **columns: object) -> Path:
    path = tmp_path / "table.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_columns_of_parquet_become_numbers_and_words(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        whole=[1, None],
        truth=[True, False],
        word=pl.Series(["x", "?"], dtype=pl.Categorical),
        day=[date(1970, 1, 2), None],
        time=[datetime(1970, 1, 1, 12), None],
    )
    table = from_parquet.read(path, Limits())
    assert table.frame.rows() == [(1.0, "true", "x", 1.0, 0.5), (None, "false", None, None, None)]
    assert table.where("word", 1) == 'column "word", row 2'


def test_a_parquet_column_may_be_called_like_a_pattern(tmp_path: Path) -> None:
    path = parquet(tmp_path, **{"*": [1, 2], "^.*$": ["a", "b"]})
    assert from_parquet.read(path, Limits()).frame.rows() == [(1.0, "a"), (2.0, "b")]


@pytest.mark.parametrize("values", [[[1], [2]], [{"b": 1}, {"b": 2}], [b"x", b"y"]])
def test_a_parquet_column_that_is_not_flat_is_refused_by_name(
    tmp_path: Path, values: list[object]
) -> None:
    with pytest.raises(BadFile, match='column "inner": holds'):
        from_parquet.read(parquet(tmp_path, inner=values, y=[1, 2]), Limits())


def test_an_empty_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="has columns and no rows"):
        from_parquet.read(parquet(tmp_path, a=[], b=[]), Limits())


def test_texts_that_are_stored_once_and_shown_often_count_in_full(tmp_path: Path) -> None:
    path = parquet(tmp_path, text=["x" * 10_000] * 1000, y=[0, 1] * 500)
    assert path.stat().st_size < 100_000
    with pytest.raises(BadFile, match="unfolds to more than"):
        from_parquet.read(path, Limits(unpacked_bytes=1_000_000))


def test_a_cut_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=[1, 2], b=["x", "y"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadFile, match="cannot be read as Parquet"):
        from_parquet.read(path, Limits())


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=200)
    | st.text(alphabet='ab1.-,;\t|"\n\r \ufeff?é', max_size=100).map(str.encode)
)
@example(b"a,b\r1,2\r3,4\r")
@example(b"\xff\xfea\x00,\x00b\x00")
def test_any_bytes_as_csv_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        found = describe(path, "csv", Told(), Limits())
    except BadFile:
        return
    assert min(found.sizes.values()) > 0


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_damaged_parquet_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = parquet(tmp_path, a=[1.5, 2.5, 3.5, 4.5], b=["x", "y", "x", "y"])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    try:
        describe(path, "parquet", Told(), Limits(unpacked_bytes=10_000_000))
    except BadFile:
        return
