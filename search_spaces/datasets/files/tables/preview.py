"""The preview of a table: its columns as the user has them, not as a model takes them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import texts
from search_spaces.datasets.files.tables.inputs import Category, Number, Plan, Text
from search_spaces.datasets.files.tables.target import Target
from search_spaces.datasets.preview import choosing, counting, shown
from search_spaces.datasets.preview.preview import preview, sample

Json = dict[str, Any]

COLUMNS_SHOWN = 12


def of_table(plan: Plan, targets: Sequence[Target], train: Array) -> Json:
    """A look at the rows ``train``."""
    labels = next((one.values[train] for one in targets if one.class_names is not None), None)
    rows = train[choosing.samples(labels, len(train))]
    columns: tuple[Number | Category | Text, ...] = (*plan.numbers, *plan.categories, *plan.texts)
    return preview(
        (
            sample(
                {
                    shown.plain(one.column): shown.text(_value(one.values[int(row)]))
                    for one in columns[:COLUMNS_SHOWN]
                },
                {shown.plain(one.column): _answer(one, int(row)) for one in targets},
            )
            for row in rows
        ),
        _histograms(plan, targets, train),
        _classes(plan, targets, train),
    )


def _value(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else shown.number(value)


def _answer(target: Target, row: int) -> str:
    if target.class_names is None:
        return shown.number(float(target.values[row]))
    return shown.plain(target.class_names[target.values[row]])


def _histograms(plan: Plan, targets: Sequence[Target], train: Array) -> Iterator[Json]:
    for target in targets:
        if target.class_names is None:
            yield counting.histogram(target.column, target.values[train])
    for number in plan.numbers:
        yield _numbers(number, train)
    for text in plan.texts:
        rows = train[choosing.counted(len(train), 1)]
        lengths = np.array([len(texts.words(each)) for each in text.values[rows]])
        yield counting.histogram(text.column, lengths, "words")


def _numbers(number: Number, train: Array) -> Json:
    values = number.values[train]
    known = values.drop_nulls().to_numpy()
    return counting.histogram(number.column, known, missing=values.null_count())


def _classes(
    plan: Plan, targets: Sequence[Target], train: Array
) -> Iterator[tuple[str, list[Json]]]:
    for target in targets:
        if (names := target.class_names) is not None:
            yield (
                shown.plain(target.column),
                counting.classes(target.values[train], len(names), names),
            )
    for category in plan.categories:
        counts = category.values[train].alias("value").value_counts()
        ordered = counts.sort(["count", "value"], descending=[True, False])
        yield shown.plain(category.column), counting.most_frequent(ordered.iter_rows())
