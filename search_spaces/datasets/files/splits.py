"""Parts to train, validate and test, where a file does not bring all three."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.split import Split
from search_spaces.errors import BadFile

PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")

HELD_OUT = 0.2
"""Of all examples go to the validation part, and as many to the test part."""

FEWEST_ROWS = 3


@dataclass(frozen=True)
class Rows:
    """Row numbers in one of the parts that a file brings."""

    part: PartName
    rows: Array


def completed(
    labels: Mapping[PartName, Array | None], sizes: Mapping[PartName, int], seed: int
) -> dict[PartName, Rows]:
    """Where the examples of each of the three parts are, for a file that brings these ones; "train" is among them.

    A part that the file brings stays as it is; a missing one is taken from the training part. ``labels`` as in
    ``divided``, by part. Raises BadFile.
    """
    whole = {part: Rows(part, np.arange(size)) for part, size in sizes.items()}
    missing = [part for part in PARTS if part not in sizes]
    if not missing:
        return whole
    if len(missing) == 1:
        kept, held = held_out(labels["train"], sizes["train"], seed)
        return {**whole, "train": Rows("train", kept), missing[0]: Rows("train", held)}
    parts = divided(labels["train"], sizes["train"], seed)
    return {part: Rows("train", getattr(parts, part)) for part in PARTS}


def notes_on(brought: Collection[PartName]) -> tuple[str, ...]:
    """For the user of a file that brings these parts."""
    missing = [part for part in PARTS if part not in brought]
    if not missing:
        return ()
    return (f"{' and '.join(missing)}: a fifth of the training examples each, at random",)


def divided(labels: Array | None, rows: int, seed: int) -> Split:
    """60 / 20 / 20 of the rows, at random and the same every time.

    ``labels``: (rows,) integers, the classes of the first output that has classes; the parts have the same mix of them.
    None if all outputs are numbers. No part is empty, and where it can be, every class is in the training part. Raises
    BadFile for fewer than three rows, and for one class only.
    """
    if rows < FEWEST_ROWS:
        raise BadFile(
            f"{rows} example{'' if rows == 1 else 's'} to divide; at least {FEWEST_ROWS} are needed, "
            "one each to train, validate and test"
        )
    if labels is None:
        labels = np.zeros(rows, np.int64)
    elif len(np.unique(labels)) == 1:
        raise BadFile("all examples are of one class; at least 2 are needed")
    return _filled_up(split.stratified(labels, seed), labels)


def held_out(labels: Array | None, rows: int, seed: int) -> tuple[Array, Array]:
    """Rows to keep and rows to hold out, a fifth of them. In all else as ``divided``."""
    parts = divided(labels, rows, seed)
    return np.concatenate((parts.train, parts.test)), parts.validation


def _filled_up(parts: Split, labels: Array) -> Split:
    """Give small parts a fifth of the rows, of classes that keep an example in training; one row in any case.

    The stratified split sends classes of one or two examples to the training part alone.
    """
    wanted = max(1, round(len(labels) * HELD_OUT))
    train, validation, test = (
        part.tolist() for part in (parts.train, parts.validation, parts.test)
    )
    for row in _spare(labels, train):
        smaller = min(validation, test, key=len)
        if len(smaller) >= wanted:
            break
        smaller.append(row)
    for part in (validation, test):
        if not part:
            part.append(next(row for row in train if row not in validation))
    kept = parts.train[~np.isin(parts.train, validation + test)]
    return Split(kept, np.asarray(validation), np.asarray(test))


def _spare(labels: Array, rows: list[int]) -> Iterator[int]:
    """Rows but the last one of every class, in the order given."""
    left = Counter(labels[rows].tolist())
    for row in rows:
        label = labels[row].item()
        if left[label] > 1:
            left[label] -= 1
            yield row
