"""Seeded, stratified splits."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from search_spaces.datasets.dataset import Array, Part

VALIDATION = 0.2
TEST = 0.2
HELD_EVERY = 5


class Parts(TypedDict):
    """By the names that ``Dataset`` has for them."""

    train: Part
    validation: Part
    test: Part


@dataclass(frozen=True)
class Split:
    """Row numbers of each part; every row is in exactly one."""

    train: Array
    validation: Array
    test: Array

    def parts(self, whole: Part) -> Parts:
        return {
            "train": whole.at(self.train),
            "validation": whole.at(self.validation),
            "test": whole.at(self.test),
        }


def stratified(labels: Array, seed: int) -> Split:
    """60 / 20 / 20 of the rows of every class, at random. ``labels``: (n,) integers.

    A class of one or two examples goes to the training part alone.
    """
    # RandomState and not the newer Generator: only its stream is promised never to change with NumPy's version,
    # and the split is part of what a data set is.
    random = np.random.RandomState(seed)
    parts: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        validation, test = round(len(rows) * VALIDATION), round(len(rows) * TEST)
        parts[1].append(rows[:validation])
        parts[2].append(rows[validation : validation + test])
        parts[0].append(rows[validation + test :])
    train, held, last = (random.permutation(np.concatenate(part)) for part in parts)
    return Split(train, held, last)


def held_out(labels: Array, seed: int) -> tuple[Array, Array]:
    """The rows to train on and every fifth row of every class for validation, at random. ``labels``: (n,) integers.

    Of n rows ``held_out_size(n)`` are held out whatever the labels, so that the sizes can be told beforehand.
    """
    random = np.random.RandomState(seed)
    rows = random.permutation(len(labels))
    rows = rows[np.argsort(labels[rows], kind="stable")]
    held = np.arange(len(rows)) % HELD_EVERY == 0
    return random.permutation(rows[~held]), random.permutation(rows[held])


def held_out_size(rows: int) -> int:
    return -(-rows // HELD_EVERY)


def tenths(numbers: Array) -> Array:
    """The tenth, 0 to 9 from the smallest up, that each of ``numbers`` (n,) is in: labels to split a regression by."""
    ranks = np.empty(len(numbers), dtype=np.int64)
    ranks[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    return ranks * 10 // len(numbers)
