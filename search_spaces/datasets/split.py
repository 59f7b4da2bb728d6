"""Seeded, stratified splits."""

from dataclasses import dataclass

import numpy as np

from search_spaces.datasets.dataset import Array

VALIDATION = 0.2
TEST = 0.2


@dataclass(frozen=True)
class Split:
    """Row numbers of each part; every row is in exactly one."""

    train: Array
    validation: Array
    test: Array


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
