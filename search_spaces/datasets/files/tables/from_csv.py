"""Comma-separated values: UTF-8, a header, rows of equal length; every cell is read as text."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.description import Limits
from search_spaces.datasets.files.tables.content import (
    FEWEST_COLUMNS,
    Table,
    checked,
    cleaned,
    listed,
    size_bytes,
    too_large,
)
from search_spaces.errors import BadFile

DELIMITERS = (",", ";", "\t", "|")
SAMPLED_RECORDS = 100
RECORDS_AT_ONCE = 20_000
DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"

Record = tuple[int, list[str]]
"""The line that a record begins in, from 1, and its fields."""


def read(path: Path, limits: Limits, fewest_columns: int = FEWEST_COLUMNS) -> Table:
    """The table in a file. Raises BadFile, naming the line."""
    if path.stat().st_size > limits.unpacked_bytes:
        raise too_large(limits.unpacked_bytes)
    try:
        return _table(path, _delimiter(path), limits, fewest_columns)
    except UnicodeDecodeError as error:
        line = _first_undecodable_line(path)
        raise BadFile("is not UTF-8; save the file as UTF-8", f"line {line}") from error


def _table(path: Path, delimiter: str, limits: Limits, fewest_columns: int) -> Table:
    records = _records(path, delimiter)
    first = next(records, None)
    if first is None:
        raise BadFile("is empty")
    names = checked(first[1], fewest_columns)
    frames: list[pl.DataFrame] = []
    lines: list[Array] = []
    bytes_read = 0
    while batch := list(islice(records, RECORDS_AT_ONCE)):
        frames.append(_frame(batch, names))
        lines.append(np.array([line for line, _ in batch], np.int64))
        bytes_read += sum(size_bytes(column) for column in frames[-1])
        if bytes_read > limits.unpacked_bytes:
            raise too_large(limits.unpacked_bytes)
    if not frames:
        raise BadFile("has a header and no rows")
    frame = pl.concat(frames, rechunk=True)
    with_commas = _decimal_commas(frame) if delimiter == ";" else []
    frame = frame.with_columns(
        frame[name].str.replace(",", ".", literal=True) for name in with_commas
    )
    notes = [f'column "{name}": numbers with a decimal comma' for name in with_commas]
    if like_numbers := [name for name in names if _is_number(name)]:
        notes.append(f"the header names columns {listed(like_numbers)}; is the header missing?")
    return Table(frame, np.concatenate(lines), "line", tuple(notes))


def _frame(batch: list[Record], names: list[str]) -> pl.DataFrame:
    for line, fields in batch:
        if len(fields) != len(names):
            raise BadFile(
                f"has {len(fields)} field{'' if len(fields) == 1 else 's'}, the header has {len(names)}",
                f"line {line}",
            )
    columns = zip(*(fields for _, fields in batch), strict=True)
    return pl.DataFrame(
        [pl.Series(name, column, pl.String) for name, column in zip(names, columns, strict=True)]
    ).select(cleaned(pl.all()))


def _records(path: Path, delimiter: str) -> Iterator[Record]:
    """The records that are not blank. Raises BadFile, UnicodeDecodeError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(
            _without_nul(file), delimiter=delimiter, skipinitialspace=True, strict=True
        )
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise BadFile(f"cannot be read as CSV: {error}", f"line {line}") from error
            if fields is None:
                return
            if fields:
                yield line, fields


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise BadFile("holds a NUL character; this is no text file", f"line {number}")
        yield line


def _delimiter(path: Path) -> str:
    """The one with which the first records agree best in their number of fields, which is more than one."""

    def agreement(delimiter: str) -> tuple[float, int]:
        lengths: list[int] = []
        try:
            for _, fields in islice(_records(path, delimiter), SAMPLED_RECORDS):
                lengths.append(len(fields))
        except BadFile:
            pass  # Told of when the file is read; what came before the bad line says enough.
        if not lengths or lengths[0] == 1:
            return 0.0, 0
        return lengths.count(lengths[0]) / len(lengths), lengths[0]

    return max(DELIMITERS, key=agreement)


def _decimal_commas(frame: pl.DataFrame) -> list[str]:
    """The columns of numbers like 1,5 and 2: only a file with other delimiters can mean them."""
    return [
        column.name
        for column in frame
        if column.str.contains(",", literal=True).any() and column.str.contains(DECIMAL_COMMA).all()
    ]


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _first_undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    raise AssertionError(f"{path} is UTF-8")
