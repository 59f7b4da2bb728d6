"""The logarithm of the expected improvement, and the candidate where it is largest.

The logarithm is computed as such, so that it says where to go also where the improvement itself is too small for a
number (Ament et al., 2023).
"""

import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import erfcx, ndtr

from tuner_service.search.surrogate.columns import Array
from tuner_service.search.surrogate.encoding import Encoding
from tuner_service.search.surrogate.process import Process

DRAWN = 400
"""So many points are drawn from everywhere …"""
NEAR = 60
"""… and so many near each of the incumbents."""
CLIMBS = 4
"""So many of them are climbed from."""
ROUNDS = 4
STEPS = 32
"""So many choices or steps are made in a row."""
WORTHWHILE = 0.01
"""A climb ends when choices bring less than this, of the logarithm."""
_LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)


def log_improvement(z: Array) -> tuple[Array, Array]:
    """ln(φ(z) + z Φ(z)) and its slope; ``z``: so many deviations the mean lies below what is to be beaten."""
    low, high = np.minimum(z, -1.0), np.maximum(z, -1.0)
    # Φ/φ, and 1 + z Φ/φ, of which rounding leaves nothing far out, where it is 1/z².
    ratio = math.sqrt(math.pi / 2) * erfcx(-low / math.sqrt(2))
    rest = np.where(low > -1e4, 1 + low * ratio, 1 / low**2)
    plain = np.exp(-0.5 * high**2 - _LOG_ROOT_2PI) + high * ndtr(high)
    value = np.where(z < -1, -0.5 * low**2 - _LOG_ROOT_2PI + np.log(rest), np.log(plain))
    return value, np.where(z < -1, ratio / rest, ndtr(high) / plain)


class Ascent:
    """To the largest expected improvement on ``best``. ``pinned``: a point of what is given, NaN elsewhere."""

    def __init__(
        self,
        encoding: Encoding,
        process: Process,
        best: float,
        pinned: Array,
        random: np.random.Generator,
    ) -> None:
        self._encoding = encoding
        self._process = process
        self._best = best
        self._pinned = pinned
        self._random = random

    def highest(self, incumbents: Array, taken: Array) -> Array:
        """The best point found that is not among ``taken``; of those one, if all that was looked at is taken."""
        near = [self._near(incumbent) for incumbent in incumbents]
        points = np.vstack([self._drawn(), *near])
        points = np.where(np.isnan(self._pinned), points, self._pinned)
        values = self._values(points)
        order = np.argsort(-values, kind="stable")
        # The best ones are mostly neighbours, so a few places lower is another hill.
        begins = order[[0, 1, 13, 25][:CLIMBS]]
        tops = [self._climbed(points[k], float(values[k])) for k in begins]
        tops.sort(key=lambda top: -top[1])
        found = self._encoding.existing(np.vstack([*(top[0] for top in tops), points[order]]))
        gone = {_key(point) for point in taken}
        return next((point for point in found if _key(point) not in gone), found[0])

    def _values(self, points: Array) -> Array:
        features = self._encoding.features(self._encoding.existing(points))
        means, deviations = self._process.at(features)
        values: Array = log_improvement((self._best - means) / deviations)[0] + np.log(deviations)
        return values

    def _drawn(self, count: int = DRAWN) -> Array:
        return self._encoding.drawn(self._random.random((count, len(self._encoding.columns))))

    def _near(self, point: Array) -> Array:
        """Some parameters a little different, or another choice; what the point has not got is drawn."""
        drawn = self._drawn(NEAR)
        base = np.where(np.isnan(point), drawn, point)
        widths = 10 ** self._random.uniform(-3, -0.5, (NEAR, 1))
        moved = base + widths * self._random.standard_normal(base.shape)
        moved = self._encoding.snapped(np.clip(moved, 0, 1))
        changes = self._random.random(base.shape) < max(2 / base.shape[1], 0.3)
        return np.where(changes, np.where(self._encoding.is_choice, drawn, moved), base)

    def _climbed(self, point: Array, value: float) -> tuple[Array, float]:
        for _ in range(ROUNDS):
            point, value = self._slid(point, value)
            before = value
            point, value = self._stepped(point, value)
            if value <= before + WORTHWHILE:
                break
        return point, value

    def _free(self, point: Array) -> list[int]:
        """The columns that exist there and are not given."""
        exists = ~np.isnan(self._encoding.existing(point[None])[0])
        free: list[int] = np.flatnonzero(exists & np.isnan(self._pinned)).tolist()
        return free

    def _slid(self, point: Array, value: float) -> tuple[Array, float]:
        """Uphill along the numbers of many values, as if they were continuous."""
        columns = self._encoding.columns
        free = [column for column in self._free(point) if not columns[column].is_listed]
        if not free:
            return point, value
        features = self._encoding.features(self._encoding.existing(point[None]))[0]
        places = np.searchsorted(self._encoding.owners, free)

        def descent(at: Array) -> tuple[float, Array]:
            features[places] = at
            mean, deviation, by_mean, by_deviation = self._process.slopes(features)
            z = (self._best - mean) / deviation
            height, slope = log_improvement(np.array(z))
            uphill = ((1 - z * slope) * by_deviation - slope * by_mean) / deviation
            return -float(height) - math.log(deviation), -uphill[places]

        bounds = [(0.0, 1.0)] * len(free)
        options = {"maxiter": 40, "ftol": 1e-6, "gtol": 1e-4}
        moved = point.copy()
        moved[free] = minimize(
            descent, point[free], jac=True, bounds=bounds, method="L-BFGS-B", options=options
        ).x
        moved = self._encoding.snapped(moved[None])[0]
        reached = float(self._values(moved[None])[0])
        return (moved, reached) if reached > value else (point, value)

    def _stepped(self, point: Array, value: float) -> tuple[Array, float]:
        """Uphill by one choice or step at a time, so far: there may be millions of steps."""
        for _ in range(STEPS):
            others = self._others(point)
            if not len(others):
                break
            values = self._values(others)
            best = int(np.argmax(values))
            if values[best] <= value:
                break
            point, value = others[best], float(values[best])
        return point, value

    def _others(self, point: Array) -> Array:
        """The points that differ in one parameter: by another value if they are few, else by a step or two."""
        others = [
            (column, other)
            for column in self._free(point)
            for other in self._encoding.columns[column].around(point[column])
        ]
        points = np.repeat(point[None], len(others), axis=0)
        for row, (column, other) in enumerate(others):
            points[row, column] = other
        return points


def _key(point: Array) -> tuple[float, ...]:
    """Equal for equal points, which NaN is not."""
    return tuple(np.nan_to_num(point, nan=-1.0).tolist())
