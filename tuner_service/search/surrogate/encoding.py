"""Candidates as points, and points as features, between which a kernel sees distances.

A point has a column for each parameter, NaN where the candidate has none. A feature is a number as it is, or one of a
choice's corners of a simplex, so that any two choices are 1 apart. A parameter that does not exist lies in the middle:
between two candidates without it that adds nothing, and no value has to be made up for it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tuner_service.domain.parameter import Condition, Parameter
from tuner_service.domain.space import Space
from tuner_service.search.quasi_random import Distributions
from tuner_service.search.surrogate.columns import Array, Column

SIDE = math.sqrt(0.5)
"""So far from the origin are the corners of a choice."""


class Encoding:
    """Of the parameters that can differ. ``space`` says which exist beside which values; without it all do."""

    def __init__(self, distributions: Distributions, space: Space | None = None) -> None:
        self.columns = [Column.of(n, d) for n, d in distributions.items() if not d.single()]
        self._places = {column.name: place for place, column in enumerate(self.columns)}
        widths = [column.count or 1 if column.is_choice else 1 for column in self.columns]
        self.owners = np.repeat(np.arange(len(self.columns)), widths)
        """For each feature, the place of its column."""
        self.is_choice = np.array([column.is_choice for column in self.columns], dtype=bool)
        self._is_corner = self.is_choice[self.owners]
        self._corners = np.array([corner for width in widths for corner in range(width)])
        self._middles = np.where(self._is_corner, SIDE / np.repeat(widths, widths), 0.5)
        self._conditions = [] if space is None else list(self._conditions_of(space))

    def points(self, candidates: Sequence[Mapping[str, Any]]) -> Array:
        rows = [
            [c.point(each[c.name]) if c.name in each else np.nan for c in self.columns]
            for each in candidates
        ]
        return self.snapped(np.array(rows).reshape(len(rows), len(self.columns)))

    def parameters(self, point: Array) -> dict[str, Any]:
        """What exists at one point, as values."""
        pairs = zip(self.columns, point.tolist(), strict=True)
        return {column.name: column.value(p) for column, p in pairs if not math.isnan(p)}

    def drawn(self, shares: Array) -> Array:
        """Points without a gap, from points of the unit cube."""
        return np.column_stack([c.drawn(shares[:, k]) for k, c in enumerate(self.columns)])

    def snapped(self, points: Array) -> Array:
        """The nearest points that are values."""
        return np.column_stack([c.snapped(points[:, k]) for k, c in enumerate(self.columns)])

    def existing(self, points: Array) -> Array:
        """The same points with NaN for what does not exist."""
        points = points.copy()
        for place, parent, values in self._conditions:
            # Conditions name parameters before them, so a parent that does not exist is NaN by now.
            points[~np.isin(points[:, parent], values), place] = np.nan
        return points

    def features(self, points: Array) -> Array:
        spread = points[:, self.owners]
        values = np.where(self._is_corner, SIDE * (spread == self._corners), spread)
        return np.where(np.isnan(spread), self._middles, values)

    def _conditions_of(self, space: Space) -> Iterator[tuple[int, int, Array]]:
        """Columns that do not always exist: with each, the column that it depends on and that one's points."""
        for parameter in space.parameters:
            if (place := self._places.get(parameter.name)) is None:
                continue
            for condition in self._conditions_that_differ(parameter, space):
                column = self.columns[parent := self._places[condition.parameter]]
                points = np.array([column.point(value) for value in condition.values])
                yield place, parent, column.snapped(points)

    def _conditions_that_differ(self, parameter: Parameter, space: Space) -> Iterator[Condition]:
        """Of a parent with one value, its own conditions are all that can differ."""
        for condition in parameter.when:
            if condition.parameter in self._places:
                yield condition
            else:
                yield from self._conditions_that_differ(space.by_name[condition.parameter], space)
