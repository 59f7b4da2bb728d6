"""Values as points between 0 and 1, evenly spread along what the distribution means (logarithms where it is log)."""

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Number = FloatDistribution | IntDistribution


def from_unit(distribution: BaseDistribution, point: float) -> Any:
    """The value at ``point``; every step or choice has an equal share of the interval."""
    if isinstance(distribution, CategoricalDistribution):
        count = len(distribution.choices)
        return distribution.choices[min(int(point * count), count - 1)]
    assert isinstance(distribution, Number)
    low, high = bounds(distribution)
    value = low + point * (high - low)
    if distribution.log:
        value = math.exp(value)
    if distribution.step is not None:
        steps = round((value - distribution.low) / distribution.step)
        value = distribution.low + steps * distribution.step
    value = min(max(value, distribution.low), distribution.high)
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def to_unit(distribution: Number, value: float) -> float:
    """Where a number lies; one outside the range lies at its end."""
    low, high = bounds(distribution)
    if low == high:
        return 0.5
    inside = min(max(value, distribution.low), distribution.high)
    return ((math.log(inside) if distribution.log else inside) - low) / (high - low)


def bounds(distribution: Number) -> tuple[float, float]:
    """The interval that is mapped to 0 and 1: with half a step at either end, so that no value has a smaller share."""
    margin = 0.0
    if distribution.step is not None and not distribution.single():
        margin = distribution.step / 2
    low, high = distribution.low - margin, distribution.high + margin
    return (math.log(low), math.log(high)) if distribution.log else (low, high)
