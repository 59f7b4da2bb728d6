"""What the values of a column are: numbers or words."""

import numpy as np
import polars as pl

from search_spaces.datasets.files.tables.content import Table, cleaned
from search_spaces.errors import BadFile

STRAYS = 0.1
"""So many values of a column may be no numbers, at most, for it still to be meant as one of numbers."""

DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$"
FLOAT32_MAX = float(np.finfo(np.float32).max)


def numbers(table: Table, name: str) -> pl.Series | None:
    """The column as Float64, null where a value is missing or not finite; None if it holds words.

    Dates (2024-01-31, 2024-01-31 23:59:59) are days since 1970-01-01. Raises BadFile if nearly all values are numbers:
    one stray word must not turn a column of numbers into one of words unseen.
    """
    found, strays = _parsed(table.frame[name])
    share = len(strays) / max(1, table.frame[name].count())
    if 0 < share <= STRAYS:
        raise _no_number(table, name, int(strays[0]))
    return None if len(strays) else found


def told_numbers(table: Table, name: str) -> pl.Series:
    """As ``numbers`` where the user says that they are. Raises BadFile for the first that is none."""
    found, strays = _parsed(table.frame[name])
    if len(strays):
        raise _no_number(table, name, int(strays[0]))
    return found


def words(column: pl.Series) -> pl.Series:
    """The column as String, null where a value is missing; a whole number has no decimal point."""
    if column.dtype == pl.String:
        return column
    return pl.Series(column.name, [_word(number) for number in _finite(column)], pl.String)


def readable(column: pl.Series) -> pl.Series:
    """As ``words``, and without NUL characters: the words of Keras's layers end at them where they are read out."""
    bare = cleaned(pl.col("raw").str.replace_all("\0", "", literal=True))
    return words(column).alias("raw").to_frame().select(bare).to_series().alias(column.name)


def labels(column: pl.Series) -> pl.Series:
    """As ``words``, and where all of them are numbers, those written differently (1, 1.0) are one."""
    if column.dtype != pl.String:
        return words(column)
    found = column.cast(pl.Float64, strict=False)
    return words(found) if found.count() == column.count() else column


def are_whole(found: pl.Series) -> bool:
    return bool((found.drop_nulls() % 1 == 0).all())


def are_dates(table: Table, name: str) -> bool:
    column = table.frame[name]
    return column.dtype == pl.String and bool(column.str.contains(DATE).any())


def _parsed(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The numbers of the column, and the rows that hold something else."""
    if column.dtype != pl.String:
        return _finite(column), pl.Series([], dtype=pl.UInt32)
    found = column.cast(pl.Float64, strict=False)
    if found.count() == 0:
        found = _days(column)
    return _finite(found), (column.is_not_null() & found.is_null()).arg_true()


def _days(column: pl.Series) -> pl.Series:
    """Days since 1970-01-01, in UTC; null for what is no date."""
    text = pl.when(pl.col("text").str.contains(DATE)).then(pl.col("text"))

    def clock(start: int, length: int | None) -> pl.Expr:
        digits = text.str.slice(start, length).str.strip_suffix("Z")
        return digits.cast(pl.Float64, strict=False).fill_null(0.0)

    seconds = clock(11, 2) * 3600 + clock(14, 2) * 60 + clock(17, None)
    date = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    days = date.cast(pl.Int32).cast(pl.Float64) + seconds / 86_400
    return pl.DataFrame({"text": column}).select(days.alias(column.name)).to_series()


def _finite(found: pl.Series) -> pl.Series:
    """Null for what is no number in 32 bits, in which models train."""
    kept = pl.when(pl.col("found").abs() <= FLOAT32_MAX).then(pl.col("found"))
    return pl.DataFrame({"found": found}).select(kept.alias(found.name)).to_series()


def _word(number: float | None) -> str | None:
    if number is None:
        return None
    return str(int(number)) if number.is_integer() else repr(number)


def _no_number(table: Table, name: str, row: int) -> BadFile:
    return BadFile(
        f'"{shortened(table.frame[name][row])}" is not a number, as others in this column are; '
        'mend it, or say that the column\'s kind is "class"',
        table.where(name, row),
    )


def shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
