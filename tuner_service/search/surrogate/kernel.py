"""The kernel, and its most probable parameters after some targets.

Matérn 5/2 with a weight (an inverse squared length) for each column, a scale and a noise. Targets have mean 0 and
variance 1. What is fitted are logarithms, each with a normal prior. Lengths are expected to grow with the square root
of the number of parameters, so that a space of many is not taken for a rugged one (Hvarfner et al., 2024).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize

from tuner_service.search.surrogate.columns import Array

LENGTH, LENGTH_SPREAD = math.log(0.35), 0.75
"""The prior of a length's logarithm in a space of one column."""
SCALE, SCALE_SPREAD = 0.0, 1.0
NOISE, NOISE_SPREAD = math.log(1e-3), 2.0
LEAST_NOISE = 1e-6
MOST_STEPS = 60
_ROOT5 = math.sqrt(5)


def matern(squared: Array) -> tuple[Array, Array]:
    """The kernel at these squared distances, and its slope along them."""
    r = _ROOT5 * np.sqrt(squared)
    decay = np.exp(-r)
    return (1 + r + r * r / 3) * decay, (-5 / 6) * (1 + r) * decay


@dataclass(frozen=True)
class Kernel:
    """``weights``: one a column; ``scale`` and ``noise`` are variances."""

    weights: Array
    scale: float
    noise: float

    @classmethod
    def of(cls, logarithms: Array) -> "Kernel":
        """From the weights', the scale's and the noise's."""
        weights = np.exp(logarithms[:-2])
        return cls(weights, math.exp(logarithms[-2]), math.exp(logarithms[-1]) + LEAST_NOISE)


def fitted(posterior: "Posterior", start: Array | None) -> Array:
    """The logarithms of the most probable kernel, looked for from ``start`` or the prior, whichever is better."""
    begin, columns = posterior.center, len(posterior.center) - 2
    if start is not None and posterior(start)[0] < posterior(begin)[0]:
        begin = start
    bounds = [(math.log(1e-5), math.log(1e4))] * columns + [(-5.0, 5.0), (math.log(1e-8), 0.5)]
    options = {"maxiter": MOST_STEPS, "ftol": 1e-5, "gtol": 1e-3}
    found = minimize(posterior, begin, jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    logarithms: Array = found.x
    return logarithms


class Posterior:
    """The negative logarithm of a kernel's probability, and its gradient.

    ``dimensions``: how many parameters a candidate has, which in a conditional space are fewer than the columns.
    """

    def __init__(self, owners: Array, features: Array, targets: Array, dimensions: float) -> None:
        count = int(owners[-1]) + 1
        self._targets = targets
        # Distances are kept once for each pair, not for both of its orders.
        self._pairs = np.tril_indices(len(targets), -1)
        # A column at a time, since a choice may have hundreds of features.
        self._apart = np.array([self._between(features[:, owners == c]) for c in range(count)])
        length = LENGTH + 0.5 * math.log(dimensions)
        self.center = np.array([-2 * length] * count + [SCALE, NOISE])
        self._spread = np.array([2 * LENGTH_SPREAD] * count + [SCALE_SPREAD, NOISE_SPREAD])

    def _between(self, features: Array) -> Array:
        """The squared distance of each pair."""
        if features.shape[1] == 1:
            alone: Array = (features[self._pairs[0], 0] - features[self._pairs[1], 0]) ** 2
            return alone
        squares = (features**2).sum(axis=1)
        products = (features @ features.T)[self._pairs]
        apart: Array = squares[self._pairs[0]] + squares[self._pairs[1]] - 2 * products
        return apart.clip(0.0)

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        kernel = Kernel.of(logarithms)
        count = len(self._targets)
        value, slope = matern(kernel.weights @ self._apart)
        among = np.zeros((count, count))
        among[self._pairs] = kernel.scale * value
        among[np.diag_indices(count)] = kernel.scale + kernel.noise
        factor, failed = dpotrf(among, lower=True)
        if failed:
            return 1e10, np.zeros_like(logarithms)
        pulls = cho_solve((factor, True), self._targets, check_finite=False)
        off = (logarithms - self.center) / self._spread
        loss = 0.5 * self._targets @ pulls + np.log(factor.diagonal()).sum() + 0.5 * off @ off
        inverse, _ = dpotri(factor, lower=True)
        rows, columns = self._pairs
        # A pair stands twice in the matrix, which takes up the half of the likelihood.
        by_pair = inverse[self._pairs] - pulls[rows] * pulls[columns]
        on_diagonal = 0.5 * float((inverse.diagonal() - pulls**2).sum())
        by_weights = kernel.scale * kernel.weights * (self._apart @ (by_pair * slope))
        by_scale = kernel.scale * (float(by_pair @ value) + on_diagonal)
        by_noise = (kernel.noise - LEAST_NOISE) * on_diagonal
        gradient = np.concatenate([by_weights, [by_scale, by_noise]]) + off / self._spread
        return float(loss), gradient
