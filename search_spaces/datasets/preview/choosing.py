"""Which examples to look at: the same ones every time."""

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.preview.preview import SAMPLES

MOST_ROWS = 20_000
MOST_VALUES = 4_000_000
"""Of an input that are counted; a histogram of more looks the same."""


def samples(labels: Array | None, rows: int) -> Array:
    """Rows to show: of each class in turn the first one, then the second; without classes evenly apart."""
    if labels is None:
        return evenly(rows, SAMPLES)
    _, classes = np.unique(labels, return_inverse=True)
    order = np.argsort(classes, kind="stable")
    starts = np.searchsorted(classes[order], np.arange(classes.max() + 1))
    turn = np.empty(rows, np.int64)
    turn[order] = np.arange(rows) - starts[classes[order]]
    return np.lexsort((classes, turn))[:SAMPLES]


def counted(rows: int, width: int) -> Array:
    """Rows to count the values of, ``width`` of them in each."""
    return evenly(rows, min(MOST_ROWS, max(100, MOST_VALUES // max(1, width))))


def evenly(rows: int, most: int) -> Array:
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)
