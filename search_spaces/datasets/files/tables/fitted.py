"""What the training part made of a column: all that new values of it need, as plain numbers and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.tables import columns
from search_spaces.datasets.files.tables.content import Table
from search_spaces.datasets.files.tables.inputs import as_categories, as_texts
from search_spaces.datasets.files.texts import Vocabulary

FARTHEST = 1e6
"""From the median, in the largest distance of the training part: a bound on what other rows can hold."""


@dataclass(frozen=True)
class Scaling:
    """Of a number: less the ``median``, by the ``farthest`` that the training part is from it, and of that ``mean`` and
    ``variance``."""

    column: str
    median: float
    farthest: float
    mean: float
    variance: float

    @staticmethod
    def comparable(values: Array, median: float, farthest: float) -> Array:
        """(rows,) float32 between -1 and 1 in the training part, with the median where missing.

        Keras's Normalization works in 32 bits and divides by no less than 1e-7: it would not see the seconds of a time
        stamp, nor anything of measurements around 1e-9. Of these numbers it makes what it would make of the raw ones.
        """
        distances = np.where(np.isnan(values), 0.0, values - median)
        with np.errstate(over="ignore"):  # Infinite, then cut off.
            scaled = np.clip(distances / farthest, -FARTHEST, FARTHEST)
        comparable: Array = scaled.astype(np.float32)
        return comparable

    def of(self, values: Array) -> Array:
        """What Normalization is given for ``values`` (rows,), NaN where missing."""
        return self.comparable(values, self.median, self.farthest)

    def read(self, table: Table) -> pl.Series:
        return columns.told_numbers(table, self.column)

    def to_json(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "kind": "number",
            "median": self.median,
            "farthest": self.farthest,
            "mean": self.mean,
            "variance": self.variance,
        }


@dataclass(frozen=True)
class Categories:
    """One feature for what is unknown, then one for each of ``words``."""

    column: str
    words: tuple[str, ...]

    def read(self, table: Table) -> pl.Series:
        return as_categories(columns.readable(table.frame[self.column]))

    def to_json(self) -> dict[str, Any]:
        return {"column": self.column, "kind": "category", "words": list(self.words)}


@dataclass(frozen=True)
class Words:
    """Tokens where there are only texts; beside other columns one feature for unknown words, then one for each."""

    column: str
    vocabulary: Vocabulary

    def read(self, table: Table) -> pl.Series:
        return as_texts(columns.readable(table.frame[self.column]))

    def to_json(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "kind": "text",
            "length": self.vocabulary.length,
            "words": list(self.vocabulary.words),
        }


Fitted = Scaling | Categories | Words


def from_json(data: Mapping[str, Any]) -> Fitted:
    """Raises KeyError for what is none."""
    name = data["column"]
    match data["kind"]:
        case "number":
            return Scaling(name, data["median"], data["farthest"], data["mean"], data["variance"])
        case "category":
            return Categories(name, tuple(data["words"]))
        case "text":
            return Words(name, Vocabulary(data["length"], tuple(data["words"])))
    raise KeyError(data["kind"])
