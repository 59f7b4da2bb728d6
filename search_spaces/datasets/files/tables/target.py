"""Which columns of a table are to be predicted, and what they are: classes or numbers."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.description import Told
from search_spaces.datasets.files.tables import columns
from search_spaces.datasets.files.tables.content import Table, listed
from search_spaces.datasets.standardise import scale
from search_spaces.errors import BadFile
from search_spaces.signature import Field, label, number

USUAL_NAMES = ("target", "label", "class", "y", "outcome")
MOST_WHOLE_NUMBERS = 20
"""So many different whole numbers are taken for classes, at most; more of them, and fractions, are amounts."""

MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Target:
    """``values``: (rows,) int32, the index of a class in ``class_names``; or float32, if ``class_names`` is None."""

    column: str
    values: Array
    class_names: tuple[str, ...] | None

    def field(self, name: str, train: Array) -> Field:
        """``train``: the rows of the training part."""
        if self.class_names is None:
            return number(name, *scale(self.values[train]))
        return label(name, len(self.class_names), self.class_names)


def chosen(table: Table, told: Told) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the target columns, and notes where they were guessed. Raises BadFile for unknown ones."""
    if told.target:
        for name in told.target:
            if name not in table.columns:
                raise BadFile(
                    f'there is no column "{name}" to predict; columns: {listed(table.columns)}'
                )
        return tuple(dict.fromkeys(told.target)), ()
    usual = [name for name in table.columns if name.lower() in USUAL_NAMES]
    if len(usual) == 1:
        return (usual[0],), ()
    if usual:
        guess, why = usual[-1], f"the last of {listed(usual)}"
    else:
        guess, why = table.columns[-1], "the last column"
    return (guess,), (f'predicts column "{guess}", {why}; say "target" to predict another',)


def read(table: Table, name: str, told: Told) -> tuple[pl.Series, tuple[str, ...]]:
    """The column's values: String if they are classes, Float64 if they are numbers, null where there is none. Notes.

    Raises BadFile if they cannot be what they are told to be.
    """
    kind = told.kinds.get(name)
    if kind not in (None, "class", "number"):
        raise BadFile(
            f'is a target and told to be {kind}; a target is "class" or "number"',
            f'column "{name}"',
        )
    if kind is None and told.task is not None:
        kind = "class" if told.task == "classification" else "number"
    if kind == "number":
        return columns.told_numbers(table, name), ()
    found = columns.numbers(table, name) if kind is None else None
    if found is None:
        return columns.labels(table.frame[name]), ()
    if _like_classes(found):
        note = f'column "{name}": whole numbers, taken as classes; say kind "number" if they are amounts'
        return columns.labels(table.frame[name]), (note,)
    if not columns.are_whole(found):
        return found, ()
    note = f'column "{name}": whole numbers, taken as amounts; say kind "class" if they are classes'
    return found, (note,)


def encoded(values: pl.Series) -> tuple[Target, tuple[str, ...]]:
    """The target of what ``read`` gave, without nulls, and notes. Raises BadFile if there is nothing to learn."""
    name, different = values.name, values.n_unique()
    where = f'column "{name}"'
    if different == 1:
        raise BadFile(
            f'is "{columns.shortened(str(values[0]))}" in all rows; there is nothing to predict',
            where,
        )
    if values.dtype != pl.String:
        return Target(name, values.to_numpy().astype(np.float32), None), ()
    if different > MOST_CLASSES:
        raise BadFile(f"has {different:,} classes; at most {MOST_CLASSES:,} are allowed", where)
    if different == len(values) or _too_many(different, len(values)):
        raise BadFile(
            f"has {different:,} different values in {len(values):,} rows, which are no classes; "
            'predict another column, or say that its kind is "number" if it is one',
            where,
        )
    class_names = _ordered(values.unique().to_list())
    labels = values.replace_strict(class_names, list(range(different)), return_dtype=pl.Int32)
    return Target(name, labels.to_numpy().astype(np.int32), tuple(class_names)), _rare(values)


def _like_classes(found: pl.Series) -> bool:
    different = found.drop_nulls().n_unique()
    return (
        different <= MOST_WHOLE_NUMBERS
        and different < found.count()
        and not _too_many(different, found.count())
        and columns.are_whole(found)
    )


def _too_many(different: int, rows: int) -> bool:
    return different > 10 and different > rows / 2


def _ordered(names: list[str]) -> list[str]:
    """By number if all are numbers, else by letter."""
    as_numbers = pl.Series(names).cast(pl.Float64, strict=False)
    if as_numbers.null_count():
        return sorted(names)
    return [name for _, name in sorted(zip(as_numbers.to_list(), names, strict=True))]


def _rare(values: pl.Series) -> tuple[str, ...]:
    counts = values.alias("value").value_counts().filter(pl.col("count") == 1)
    once = sorted(counts["value"].to_list())
    if not once:
        return ()
    verb = "class has" if len(once) == 1 else "classes have"
    return (f'column "{values.name}": {verb} one example only: {listed(once, most=5)}',)
