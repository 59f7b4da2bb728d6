"""Candidates as points, of a column for each parameter: a number's place between 0 and 1, a choice's index."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution

from tuner_service.search.unit import Number, bounds, from_unit, to_unit

Array = np.ndarray[Any, np.dtype[Any]]
FEW = 16
"""A number with so many values, or fewer, is searched value by value."""
DIGITS = 4
"""No more of a range is told apart: the rest differs between processors, whose linear algebra rounds its own way."""


@dataclass(frozen=True)
class Column:
    """One parameter that can differ. ``count``: its values; None: any in its range."""

    name: str
    distribution: BaseDistribution
    count: int | None

    @classmethod
    def of(cls, name: str, distribution: BaseDistribution) -> "Column":
        if isinstance(distribution, CategoricalDistribution):
            return cls(name, distribution, len(distribution.choices))
        assert isinstance(distribution, Number)
        step, count = distribution.step, None
        if step is not None:
            count = round((distribution.high - distribution.low) / step) + 1
        return cls(name, distribution, count)

    @property
    def is_choice(self) -> bool:
        return isinstance(self.distribution, CategoricalDistribution)

    @property
    def is_listed(self) -> bool:
        return self.is_choice or (self.count is not None and self.count <= FEW)

    def point(self, value: Any) -> float:
        """NaN for what is not searched now: a choice that is gone, or another type."""
        if isinstance(self.distribution, CategoricalDistribution):
            try:
                return float(self.distribution.to_internal_repr(value))
            except ValueError:
                return math.nan
        assert isinstance(self.distribution, Number)
        return to_unit(self.distribution, value) if isinstance(value, int | float) else math.nan

    def value(self, point: float) -> Any:
        if isinstance(self.distribution, CategoricalDistribution):
            return self.distribution.choices[round(point)]
        return from_unit(self.distribution, point)

    def around(self, point: float) -> list[float]:
        """The other values if they are few, else those up to two steps away; none where there are no steps."""
        if self.count is None:
            return []
        if self.is_listed:
            near = self._listed
        else:
            assert isinstance(self.distribution, Number)
            number, value, step = self.distribution, self.value(point), self.distribution.step or 1
            steps = [value + k * step for k in (-2, -1, 1, 2)]
            near = self._points([each for each in steps if number.low <= each <= number.high])
        return [other for other in near.tolist() if other != point]

    @cached_property
    def _listed(self) -> Array:
        """All values, where they are few."""
        if isinstance(self.distribution, Number):
            count, low, step = self.count or 0, self.distribution.low, self.distribution.step or 1
            return self._points([low + k * step for k in range(count)])
        return np.arange(self.count or 0, dtype=float)

    def _points(self, values: list[float]) -> Array:
        return self.snapped(np.array([self.point(value) for value in values]))

    def drawn(self, shares: Array) -> Array:
        """Points at these shares of the range, each value having an equal share."""
        if self.is_choice and self.count is not None:
            indices: Array = np.minimum(np.floor(shares * self.count), self.count - 1)
            return indices
        return self.snapped(shares)

    def snapped(self, points: Array) -> Array:
        """The nearest points that are values."""
        number = self.distribution
        if self.count is None:
            return points.round(DIGITS)
        if not isinstance(number, Number):
            return points
        low, high = bounds(number)
        step, last = number.step or 1, self.count - 1
        values = low + points * (high - low)
        steps = np.rint(((np.exp(values) if number.log else values) - number.low) / step)
        values = number.low + np.clip(steps, 0, last) * step
        return ((np.log(values) if number.log else values) - low) / (high - low)
