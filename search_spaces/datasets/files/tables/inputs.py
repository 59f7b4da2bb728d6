"""What becomes of the other columns of a table: numbers, categories, texts, or nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import texts
from search_spaces.datasets.files.description import Told
from search_spaces.datasets.files.tables import columns
from search_spaces.datasets.files.tables.content import Table, listed
from search_spaces.datasets.files.texts import RESERVED, TextSize
from search_spaces.errors import BadFile

MOST_CATEGORIES = 1000
"""Of a column; rarer ones count as unknown."""

FEW = 10
"""Different words of a column are categories in any case; more of them only if each stands in ten rows."""

VECTOR_WORDS = 1000
"""Of a text column that joins numbers and categories; rarer words count as unknown."""

MISSING_CATEGORY = "missing"
ROW_NAME = re.compile(
    r"(?i:(^|.*[\W_])(id|index|idx|row|uuid|guid)(__|[\W_]*$))|.*[a-z](Id|ID)$|__index_level_\d+__"
)
KINDS = ("number", "class", "tokens")
ALL_MISSING = "it is empty in all of the training part"


@dataclass(frozen=True)
class Number:
    """``values``: Float64, null where missing; at least two different ones in the training part."""

    column: str
    values: pl.Series


@dataclass(frozen=True)
class Category:
    """``values``: words, none missing. ``width``: how many of them there are, and one for the unknown."""

    column: str
    values: pl.Series
    width: int


@dataclass(frozen=True)
class Text:
    """``values``: texts, empty where missing."""

    column: str
    values: pl.Series
    size: TextSize

    @property
    def vector_size(self) -> TextSize:
        return TextSize(self.size.length, min(self.size.vocabulary, VECTOR_WORDS + RESERVED))

    @property
    def vector_width(self) -> int:
        """Of a column a word, and one for the unknown."""
        return self.vector_size.vocabulary - 1


@dataclass(frozen=True)
class LeftOut:
    column: str
    why: str


@dataclass(frozen=True)
class Plan:
    """The columns to train on. Texts alone are fields of their own; else all is one vector, in this order."""

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    texts: tuple[Text, ...]
    notes: tuple[str, ...]

    @property
    def is_text_only(self) -> bool:
        return not self.numbers and not self.categories

    @property
    def values(self) -> dict[str, pl.Series]:
        """Of every column, by its name."""
        columns: tuple[Number | Category | Text, ...] = (
            *self.numbers,
            *self.categories,
            *self.texts,
        )
        return {one.column: one.values for one in columns}

    @property
    def encoded_width(self) -> int:
        """Of the numbers and categories in the vector."""
        return len(self.numbers) + sum(category.width for category in self.categories)

    @property
    def width(self) -> int:
        """Of the whole vector."""
        return self.encoded_width + sum(text.vector_width for text in self.texts)


def planned(table: Table, names: Sequence[str], train: Array, told: Told) -> Plan:
    """What the columns of these names are, decided by the rows ``train`` alone where it depends on values.

    Raises BadFile if none is left to train on, or if one cannot be what it is told to be.
    """
    found = [_column(table, name, train, told) for name in names]
    left_out = [column for column in found if isinstance(column, LeftOut)]
    plan = Plan(
        numbers=tuple(column for column in found if isinstance(column, Number)),
        categories=tuple(column for column in found if isinstance(column, Category)),
        texts=tuple(column for column in found if isinstance(column, Text)),
        notes=(),
    )
    left_out_notes = tuple(f'column "{one.column}" is left out: {one.why}' for one in left_out)
    if len(left_out) == len(found):
        raise BadFile(f"no column is left to predict from; {'; '.join(left_out_notes)}")
    notes = (*left_out_notes, *_notes(table, plan))
    return Plan(plan.numbers, plan.categories, plan.texts, notes)


def _column(
    table: Table, name: str, train: Array, told: Told
) -> Number | Category | Text | LeftOut:
    kind = told.kinds.get(name)
    if kind is not None and kind not in KINDS:
        raise BadFile(
            f"is told to be {kind}; a column to predict from is {listed(KINDS)} (class: a category)",
            f'column "{name}"',
        )
    if table.frame[name][train].count() == 0:
        return LeftOut(name, "it is empty" if table.frame[name].count() == 0 else ALL_MISSING)
    if kind is None and _names_rows(table, name):
        return LeftOut(
            name, f"it only tells rows apart; say its kind (one of {listed(KINDS)}) to keep it"
        )
    if kind == "number":
        return _number(name, columns.told_numbers(table, name), train)
    if kind is None and (found := columns.numbers(table, name)) is not None:
        return _number(name, found, train)
    words = columns.readable(table.frame[name])
    known = words[train].drop_nulls()
    if kind == "tokens":
        return _text(name, words, train)
    if kind == "class" or _are_categories(known):
        return _category(name, words, train)
    if known.str.contains(r"\s").mean() >= 0.5:  # type: ignore[operator]  # of booleans it is a number
        return _text(name, words, train)
    return LeftOut(
        name,
        f"{known.n_unique():,} different words in {len(known):,} training rows are neither categories "
        'nor texts; say its kind ("class" or "tokens") to keep it',
    )


def as_categories(words: pl.Series) -> pl.Series:
    return words.fill_null(MISSING_CATEGORY)


def as_texts(words: pl.Series) -> pl.Series:
    return words.fill_null("")


def _number(name: str, values: pl.Series, train: Array) -> Number | LeftOut:
    known = values[train].drop_nulls()
    if len(known) == 0:
        return LeftOut(name, ALL_MISSING)
    if known.n_unique() == 1:
        return LeftOut(name, f"it is {known[0]:g} in all of the training part")
    return Number(name, values)


def _category(name: str, words: pl.Series, train: Array) -> Category | LeftOut:
    values = as_categories(words)
    different = values[train].n_unique()
    if different == 1:
        return LeftOut(
            name, f'it is "{columns.shortened(values[train][0])}" in all of the training part'
        )
    return Category(name, values, width=min(different, MOST_CATEGORIES) + 1)


def _text(name: str, words: pl.Series, train: Array) -> Text | LeftOut:
    values = as_texts(words)
    try:
        return Text(name, values, texts.measured(values[train]))
    except BadFile:
        return LeftOut(name, "its texts have no words")


def _are_categories(known: pl.Series) -> bool:
    different = known.n_unique()
    return different < len(known) and different <= min(MOST_CATEGORIES, max(FEW, len(known) // FEW))


def _names_rows(table: Table, name: str) -> bool:
    """Whether a column is called like an id and has another value, a whole number or word, in each row."""
    values = table.frame[name]
    if not ROW_NAME.match(name) or values.n_unique() < len(values):
        return False
    return values.dtype == pl.String or columns.are_whole(values)


def _notes(table: Table, plan: Plan) -> list[str]:
    notes = []
    for name in table.columns:
        if columns.are_dates(table, name) and any(name == one.column for one in plan.numbers):
            notes.append(f'column "{name}": dates, as days since 1970-01-01')
    for number in plan.numbers:
        if missing := number.values.null_count():
            notes.append(
                f'column "{number.column}": {missing:,} of {len(table):,} values missing, '
                "filled with the median of the training part"
            )
    for category in plan.categories:
        if missing := table.frame[category.column].null_count():
            notes.append(
                f'column "{category.column}": {missing:,} of {len(table):,} values missing, '
                f'which is a category of its own, "{MISSING_CATEGORY}"'
            )
        if category.width == MOST_CATEGORIES + 1:
            notes.append(
                f'column "{category.column}": beyond its {MOST_CATEGORIES:,} most frequent '
                "categories all count as unknown"
            )
    for text in plan.texts:
        if missing := table.frame[text.column].null_count():
            notes.append(
                f'column "{text.column}": {missing:,} of {len(table):,} values missing, '
                "which are empty texts"
            )
        if not plan.is_text_only:
            notes.append(
                f'column "{text.column}": a text beside other columns; the vector tells which of its '
                f"{text.vector_width - 1:,} most frequent words it has"
            )
    return notes
