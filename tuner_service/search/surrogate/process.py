"""A Gaussian process: what is expected at any features, after some targets."""

import math
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from tuner_service.search.surrogate.columns import Array
from tuner_service.search.surrogate.kernel import Kernel, matern

LEAST_VARIANCE = 1e-12


class Process:
    """``owners``: the column of each feature, whose weight in the kernel it has."""

    def __init__(self, kernel: Kernel, owners: Array, features: Array, targets: Array) -> None:
        self._kernel = kernel
        self._owners = owners
        self._features = features
        self._targets = targets
        self._roots = np.sqrt(kernel.weights[owners])
        self._known = features * self._roots
        among = kernel.scale * matern(self._squared(self._known))[0]
        among[np.diag_indices_from(among)] = kernel.scale + kernel.noise
        self._factor = cholesky(among, lower=True, check_finite=False)
        self._pulls = cho_solve((self._factor, True), targets, check_finite=False)

    @cached_property
    def smoothed(self) -> Array:
        """The targets without their noise."""
        smoothed: Array = self._targets - self._kernel.noise * self._pulls
        return smoothed

    def believing(self, features: Array) -> "Process":
        """The same after these turned out as expected: no mean is changed, but nothing is left to be learned there."""
        means, _ = self.at(features)
        every = np.vstack([self._features, features])
        return Process(self._kernel, self._owners, every, np.concatenate([self._targets, means]))

    def at(self, features: Array) -> tuple[Array, Array]:
        """Means and standard deviations, the noise left out."""
        across = self._kernel.scale * matern(self._squared(features * self._roots))[0]
        told = solve_triangular(self._factor, across.T, lower=True, check_finite=False)
        variances = self._kernel.scale - (told**2).sum(axis=0)
        return across @ self._pulls, np.sqrt(np.maximum(variances, LEAST_VARIANCE))

    def slopes(self, features: Array) -> tuple[float, float, Array, Array]:
        """Mean and deviation for one row of features, and how each changes along it."""
        apart = features * self._roots - self._known
        across, slope = matern((apart**2).sum(axis=1))
        across, slope = self._kernel.scale * across, self._kernel.scale * slope
        told = cho_solve((self._factor, True), across, check_finite=False)
        variance = max(self._kernel.scale - float(across @ told), LEAST_VARIANCE)
        deviation = math.sqrt(variance)
        along = 2 * apart * self._roots
        by_mean = (slope * self._pulls) @ along
        return (
            float(across @ self._pulls),
            deviation,
            by_mean,
            -((slope * told) @ along) / deviation,
        )

    def _squared(self, scaled: Array) -> Array:
        """Distances to all that is known."""
        here, there = (scaled**2).sum(axis=1), (self._known**2).sum(axis=1)
        squared: Array = np.maximum(here[:, None] + there - 2 * scaled @ self._known.T, 0.0)
        return squared
