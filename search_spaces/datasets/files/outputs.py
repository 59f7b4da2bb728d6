"""An output from named arrays: a number or a class, and its values as a model takes them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from search_spaces import signature
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.description import Told
from search_spaces.datasets.files.inputs import facts
from search_spaces.datasets.files.sources import SourceArray
from search_spaces.datasets.files.splits import PartName, Rows
from search_spaces.datasets.standardise import scale
from search_spaces.errors import BadFile
from search_spaces.signature import OUTPUT_KINDS, Field, Kind

SURELY_CLASSES = 20
"""Whole numbers with as few different values are classes; with more, if they are at most the root of the examples."""

MOST_CLASSES = 10_000
TASKS: Mapping[str, Kind] = {"classification": "class", "regression": "number"}


@dataclass(frozen=True)
class Output:
    """``values``: by part of the file, (n,) in the field's type."""

    field: Field
    values: Mapping[PartName, Array]
    notes: tuple[str, ...]

    def scaled(self, train: Rows) -> "Output":
        """With mean and deviation of the training part, if it is a number."""
        if self.field.kind != "number":
            return self
        mean, deviation = scale(self.values[train.part][train.rows])
        return replace(self, field=replace(self.field, mean=mean, deviation=deviation))


def inferred(name: str, arrays: Mapping[PartName, SourceArray], told: Told) -> Output:
    """The output in these arrays, one for each part of the file. Raises BadFile."""
    told_kind = told.kinds.get(name) or TASKS.get(told.task or "")
    where = {part: array.name for part, array in arrays.items()}
    if told_kind is not None and told_kind not in OUTPUT_KINDS:
        raise BadFile(
            f"is an output and cannot be {told_kind}; allowed: {', '.join(OUTPUT_KINDS)}",
            where["train"],
        )
    if _has_columns(arrays["train"]):
        if told_kind == "number":
            raise BadFile(
                f"has shape {arrays['train'].shape}; a number has one column", where["train"]
            )
        return _classes(
            name, {part: _ones(array, arrays["train"]) for part, array in arrays.items()}, where, ()
        )
    columns = {part: _column(array) for part, array in arrays.items()}
    kind = told_kind or _kind(columns)
    if kind == "number":
        return _numbers(name, columns, where, told_kind)
    notes: tuple[str, ...] = ()
    if told_kind is None and columns["train"].dtype.kind in "iu":
        notes = (f'{name}: whole numbers, taken as classes; say kind "number" if they are amounts',)
    return _classes(name, _labels(columns, where), where, notes)


def _has_columns(array: SourceArray) -> bool:
    return len(array.shape) == 2 and array.shape[1] > 1


def _ones(array: SourceArray, first: SourceArray) -> Array:
    """(n,) the column of the 1 in every row of a one-hot array."""
    width = first.shape[1]
    if array.shape[1:] != (width,):
        raise BadFile(f"has shape {array.shape}, {first.name} has {first.shape}", array.name)
    values = array.read()
    if values.dtype.kind in "US":
        raise BadFile(f"has shape {array.shape}; a text for each example makes (n,)", array.name)
    ones = values == 1
    wrong = (ones.sum(axis=1) != 1) | ((values == 0).sum(axis=1) != width - 1)
    if wrong.any():
        raise BadFile(
            f"has {width} columns that are not one-hot (a single 1, else 0); to predict several "
            "values, give each an array of its own, y_NAME",
            f"{array.name}, row {int(np.argmax(wrong))}",
        )
    positions: Array = ones.argmax(axis=1)
    return positions


def _column(array: SourceArray) -> Array:
    """(n,) values; whole numbers as int64, texts as unicode, other numbers as float64."""
    if len(array.shape) > 2 or (len(array.shape) == 2 and array.shape[1] != 1):
        raise BadFile(
            f"has shape {array.shape}; an output is (n,), (n, 1) or one-hot (n, classes)",
            array.name,
        )
    values = array.read().reshape(-1)
    match array.dtype.kind:
        case "U":
            return _printable(values, array.name)
        case "S":
            try:
                return np.char.decode(values, "utf-8")
            except UnicodeDecodeError as error:
                raise BadFile(f"holds texts that are not UTF-8: {error}", array.name) from error
        case "f":
            facts(values, array.name)
            return values.astype(np.float64)
        case "b":
            return values
    if values.max() > np.iinfo(np.int64).max:
        raise BadFile(f"{values.max()} is too large", f"{array.name}, row {values.argmax()}")
    return values.astype(np.int64)


def _printable(values: Array, where: str) -> Array:
    """Code points that are none make no text, and cannot be told to anybody."""
    points = np.ascontiguousarray(values, values.dtype.newbyteorder("=")).view(np.uint32)
    if points.max() > 0x10FFFF or ((points >= 0xD800) & (points < 0xE000)).any():
        raise BadFile("holds texts with characters that do not exist", where)
    return values


def _kind(columns: Mapping[PartName, Array]) -> Kind:
    train = columns["train"]
    if train.dtype.kind in "bU":
        return "class"
    if train.dtype.kind == "f":
        return "number"
    different = len(np.unique(train))
    few = different <= max(SURELY_CLASSES, math.isqrt(len(train)))
    return "class" if few and 2 * different <= len(train) else "number"


def _labels(
    columns: Mapping[PartName, Array], where: Mapping[PartName, str]
) -> Mapping[PartName, Array]:
    """Columns of which all are texts, or all are whole numbers or truths."""
    labels: dict[PartName, Array] = {}
    for part, values in columns.items():
        if (values.dtype.kind == "U") != (columns["train"].dtype.kind == "U"):
            raise BadFile(f"texts here or in {where['train']}, but not in both", where[part])
        if values.dtype.kind == "f":
            broken = values != np.floor(values)
            if broken.any():
                row = int(np.argmax(broken))
                raise BadFile(f"{values[row]:g} is no class", f"{where[part]}, row {row}")
            values = values.astype(np.int64)
        labels[part] = values
    return labels


def _classes(
    name: str,
    labels: Mapping[PartName, Array],
    where: Mapping[PartName, str],
    notes: tuple[str, ...],
) -> Output:
    known = np.unique(labels["train"])
    if len(known) == 1:
        raise BadFile(f'all training examples are of one class, "{known[0]}"', where["train"])
    if len(known) > MOST_CLASSES:
        raise BadFile(
            f"has {len(known):,} classes; at most {MOST_CLASSES:,} are allowed", where["train"]
        )
    if SURELY_CLASSES < len(known) == len(labels["train"]):
        raise BadFile("every training example has a class of its own", where["train"])
    values: dict[PartName, Array] = {}
    for part, given in labels.items():
        unknown = ~np.isin(given, known)
        if unknown.any():
            row = int(np.argmax(unknown))
            raise BadFile(
                f'class "{given[row]}" is not in {where["train"]}', f"{where[part]}, row {row}"
            )
        values[part] = np.searchsorted(known, given).astype(np.int32)
    counted = known.dtype.kind in "iu" and np.array_equal(known, np.arange(len(known)))
    names = () if counted else tuple(str(label) for label in known)
    return Output(signature.label(name, len(known), names), values, notes)


def _numbers(
    name: str,
    columns: Mapping[PartName, Array],
    where: Mapping[PartName, str],
    told_kind: Kind | None,
) -> Output:
    for part, values in columns.items():
        if values.dtype.kind == "U":
            raise BadFile("holds texts, and no numbers to predict", where[part])
    train = columns["train"]
    if train.min() == train.max():
        raise BadFile(f"all training examples have the same value, {train[0]:g}", where["train"])
    notes: tuple[str, ...] = ()
    if told_kind is None:
        few = train.dtype.kind == "f" and len(np.unique(train)) <= SURELY_CLASSES < len(train)
        if train.dtype.kind != "f":
            notes = (
                f'{name}: many whole numbers, taken as amounts; say kind "class" if they are classes',
            )
        elif few and (train == np.floor(train)).all():
            notes = (
                f'{name}: fractions by type, taken as amounts; say kind "class" if they are classes',
            )
    numbers = {part: values.astype(np.float32) for part, values in columns.items()}
    return Output(signature.number(name), numbers, notes)
