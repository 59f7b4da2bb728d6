"""Parquet files of flat columns. Polars decodes them; nothing in them is ever unpickled."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from search_spaces.datasets.files.description import Limits
from search_spaces.datasets.files.tables.content import (
    FEWEST_COLUMNS,
    NUMBER_BYTES,
    Table,
    checked,
    cleaned,
    size_bytes,
    too_large,
)
from search_spaces.errors import BadFile

DAY_MICROSECONDS = 24 * 3600 * 1_000_000

T = TypeVar("T")


def read(path: Path, limits: Limits, fewest_columns: int = FEWEST_COLUMNS) -> Table:
    """The table in a file. Raises BadFile, naming the column."""
    schema = _decoded(lambda: pl.read_parquet_schema(path))
    names = checked(list(schema), fewest_columns)
    check_flat(schema)
    scan = _decoded(lambda: pl.scan_parquet(path, glob=False))
    rows = _decoded(lambda: int(scan.select(pl.len()).collect().item()))
    if rows == 0:
        raise BadFile("has columns and no rows")
    if rows * len(names) * NUMBER_BYTES > limits.unpacked_bytes:
        raise too_large(limits.unpacked_bytes)
    columns: list[pl.Series] = []
    bytes_read = 0
    for position, name in enumerate(names):
        column = _column(scan, position, name)
        bytes_read += size_bytes(column)
        if bytes_read > limits.unpacked_bytes:
            raise too_large(limits.unpacked_bytes)
        columns.append(column)
    notes = tuple(
        f'column "{name}": times, as days (dates: since 1970-01-01)'
        for name, dtype in zip(names, schema.values(), strict=True)
        if dtype.is_temporal()
    )
    return Table(pl.DataFrame(columns), np.arange(1, rows + 1), "row", notes)


def check_flat(schema: Mapping[str, pl.DataType]) -> None:
    """Raises BadFile for a column of lists and the like."""
    for name, dtype in schema.items():
        if not _is_flat(dtype):
            raise BadFile(
                f"holds {dtype}; a column is of numbers, texts, truth values or dates",
                f'column "{name}"',
            )


def _column(scan: pl.LazyFrame, position: int, name: str) -> pl.Series:
    def collected() -> pl.Series:
        # By position: Polars takes a name such as "*" for a pattern.
        raw = scan.select(pl.nth(position).alias("raw")).collect()
        return raw.select(simplified(raw["raw"].dtype)).to_series().alias(name)

    return _decoded(collected, f'column "{name}"')


def simplified(dtype: pl.DataType) -> pl.Expr:
    """Numbers and times, which become days, as Float64; all else as String."""
    raw = pl.col("raw")
    if dtype.is_numeric():
        return raw.cast(pl.Float64)
    if dtype == pl.Date:
        return raw.cast(pl.Int32).cast(pl.Float64)
    if dtype == pl.Time:
        return raw.cast(pl.Int64).cast(pl.Float64) / (DAY_MICROSECONDS * 1000)
    if dtype == pl.Duration:
        return raw.cast(pl.Duration("us")).cast(pl.Int64) / DAY_MICROSECONDS
    if dtype == pl.Datetime:
        return raw.cast(pl.Datetime("us")).cast(pl.Int64) / DAY_MICROSECONDS
    return cleaned(raw.cast(pl.String))


def _is_flat(dtype: pl.DataType) -> bool:
    texts = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null)
    return dtype.is_numeric() or dtype.is_temporal() or dtype in texts


def _decoded(decode: Callable[[], T], where: str | None = None) -> T:
    try:
        return decode()
    # On damaged bytes Polars raises errors of many kinds, and where it panics one that is no Exception.
    except (Exception, pl.exceptions.PanicException) as error:
        raise BadFile(f"cannot be read as Parquet: {_first_line(error)}", where) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
