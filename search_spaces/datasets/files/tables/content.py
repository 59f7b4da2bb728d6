"""A table as it was read: named columns of numbers or texts, and where each row stands in the file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.errors import BadFile

MISSING = (
    "",
    "NA",
    "N/A",
    "n/a",
    "<NA>",
    "#N/A",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
    "?",
    "[UNK]",
)
"""What stands for no value. Keras's StringLookup takes "[UNK]" for a word of its own."""

MOST_COLUMNS = 10_000
FEWEST_COLUMNS = 2
"""To learn from: a target, and something to predict it from."""
NUMBER_BYTES = 8
TEXT_VIEW_BYTES = 16


@dataclass(frozen=True)
class Table:
    """``frame``: columns of type Float64 or String, null where a value is missing.

    ``numbers``: (rows,) the number of each row as the file's user counts, in lines (csv) or rows (parquet), from 1.
    """

    frame: pl.DataFrame
    numbers: Array
    counted_in: Literal["line", "row"]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    @property
    def columns(self) -> list[str]:
        return self.frame.columns

    def at(self, rows: Array) -> "Table":
        """The rows for which ``rows`` (rows,) is true."""
        return replace(self, frame=self.frame.filter(pl.Series(rows)), numbers=self.numbers[rows])

    def where(self, column: str, row: int) -> str:
        """The value of a row, counted from 0, as an error names it."""
        return f'column "{column}", {self.counted_in} {self.numbers[row]}'


def checked(names: Sequence[str], fewest: int) -> list[str]:
    """The names without outer spaces. Raises BadFile for empty ones, equal ones, and fewer than ``fewest``."""
    stripped = [name.strip() for name in names]
    for position, name in enumerate(stripped, start=1):
        if not name:
            raise BadFile(
                "has no name; name it in the header, or write the table without it "
                "(pandas: to_csv(..., index=False))",
                f"column {position}",
            )
    for name, times in Counter(stripped).items():
        if times > 1:
            raise BadFile(f"{times} columns have this name", f'column "{name}"')
    if len(stripped) < fewest:
        raise BadFile(
            f"has one column, {listed(stripped)}; a target and something to predict it from are needed"
        )
    if len(stripped) > MOST_COLUMNS:
        raise BadFile(f"has {len(stripped):,} columns; at most {MOST_COLUMNS:,} are allowed")
    return stripped


def cleaned(column: pl.Expr) -> pl.Expr:
    """A column of texts without outer spaces, null where they stand for no value."""
    stripped = column.str.strip_chars()
    return pl.when(~stripped.is_in(MISSING)).then(stripped)


def size_bytes(column: pl.Series) -> int:
    """What the column takes in memory once nothing is shared: equal texts may be stored once and shown a million times.

    Polars' own estimate leaves out the view of each text.
    """
    if column.dtype == pl.String:
        return int(column.str.len_bytes().sum()) + len(column) * TEXT_VIEW_BYTES
    return len(column) * NUMBER_BYTES


def listed(names: Sequence[str], most: int = 20) -> str:
    """The names in quotes; of more than ``most`` the first ones."""
    shown = ", ".join(f'"{name}"' for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def too_large(limit_bytes: int) -> BadFile:
    return BadFile(f"unfolds to more than the {limit_bytes:,} bytes that are allowed")
