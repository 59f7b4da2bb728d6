"""Optuna's Parzen estimator, whose density over thousands of trials takes milliseconds.

Optuna's own goes through the tails of the normal distribution value by value in Python, which a parameter with
hundreds of steps makes tens of thousands of calls.
"""

from collections.abc import Callable

import numpy as np
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.probability_distributions import (
    _BatchedCategoricalDistributions,
    _BatchedDiscreteTruncLogNormDistributions,
    _BatchedDiscreteTruncNormDistributions,
    _BatchedTruncLogNormDistributions,
    _BatchedTruncNormDistributions,
    _unique_inverse_2d,
)

from tuner_service.search.importing import IMPORTING

Bells = (
    _BatchedTruncNormDistributions
    | _BatchedTruncLogNormDistributions
    | _BatchedDiscreteTruncNormDistributions
    | _BatchedDiscreteTruncLogNormDistributions
)
"""Normal distributions along one parameter, one a trial and a wide one, all cut off at its range."""
Factor = Callable[[slice], np.ndarray]
"""One parameter's part in the density, as a logarithm: a row for each sample, a column for each trial of a block."""
FEW = 64
"""Among so few trials weights may be equal, and candidates that tie are told apart by how Optuna rounds."""
BLOCK = 512
"""So many trials are computed with at a time: new memory for all of them would take longer than the computing."""
_LOG_ROOT_TAU = 0.5 * np.log(2 * np.pi)


class ParzenEstimator(_ParzenEstimator):
    def log_pdf(self, samples_dict: dict[str, np.ndarray]) -> np.ndarray:
        """The logarithm of the density at each sample; Optuna's, but for rounding."""
        mixture = self._mixture_distribution
        trials = len(mixture.weights)
        if trials <= FEW:
            return super().log_pdf(samples_dict)
        factors: list[Factor] = []
        of_trial = np.log(mixture.weights)
        for name, kernels in zip(self._search_space, mixture.distributions, strict=True):
            points = samples_dict[name]
            if isinstance(kernels, _BatchedCategoricalDistributions):
                factors.append(_chances(kernels, points))
            elif kernels.step:
                factors.append(_shares(kernels, points))
            else:
                factors.append(_densities(kernels, points))
                of_trial -= _log_mass(*_bounds(kernels, kernels.mu, kernels.sigma))
                of_trial -= np.log(kernels.sigma) + _LOG_ROOT_TAU
        total = np.empty((len(next(iter(samples_dict.values()))), trials))
        for start in range(0, trials, BLOCK):
            block = slice(start, start + BLOCK)
            total[:, block] = of_trial[block]
            for factor in factors:
                total[:, block] += factor(block)
        # Where no trial reaches there is no largest term to divide by.
        largest = np.nan_to_num(total.max(axis=1), neginf=0.0)
        total -= largest[:, np.newaxis]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.exp(total, out=total).sum(axis=1)) + largest)


def _chances(kernels: _BatchedCategoricalDistributions, points: np.ndarray) -> Factor:
    """How likely each trial makes the choice at each point."""
    chances = np.log(np.ascontiguousarray(kernels.weights.T))
    choices = points.astype(int)
    return lambda block: np.asarray(chances[choices, block])


def _densities(bells: Bells, points: np.ndarray) -> Factor:
    """The density of each bell at each point, but for what is the same everywhere; -inf outside the range."""
    points = np.log(points) if bells.is_log else points
    outside = np.flatnonzero((points < bells.adapted_low) | (points > bells.adapted_high))

    def densities(block: slice) -> np.ndarray:
        means, widths = bells.mu[block], bells.sigma[block]
        distances = np.asarray(points[:, np.newaxis] - means)
        distances /= widths
        exponents = np.asarray(-0.5 * distances * distances)
        if len(outside):
            # Mostly by rounding, of which nothing may be left in units of a bell's width.
            lower, upper = _bounds(bells, means, widths)
            beyond = (distances[outside] < lower) | (distances[outside] > upper)
            exponents[outside] = np.where(beyond, -np.inf, exponents[outside])
        return exponents

    return densities


def _shares(bells: Bells, points: np.ndarray) -> Factor:
    """How much of each bell falls to the step around each point."""
    values, which_value = np.unique(points, return_inverse=True)
    means, widths, which_bell = _unique_inverse_2d(bells.mu, bells.sigma)
    edges = np.array([values - bells.step / 2, values + bells.step / 2])
    lower, upper = (np.log(edges) if bells.is_log else edges)[..., np.newaxis]
    shares = _log_mass((lower - means) / widths, (upper - means) / widths)
    shares -= _log_mass(*_bounds(bells, means, widths))
    shares = shares[which_value]
    return lambda block: np.asarray(shares.take(which_bell[block], axis=1))


def _bounds(bells: Bells, means: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the range in units of each bell's width from its mean."""
    return (bells.adapted_low - means) / widths, (bells.adapted_high - means) / widths


def _log_mass(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The logarithm of the standard normal distribution's mass between two bounds.

    -inf beyond 38 standard deviations, where Optuna's is less than -700: beside the widest bell both are nothing.
    """
    # Takes half a second, which a server that is never asked after so many trials need not spend.
    with IMPORTING:
        from scipy.special import ndtr

    # Only in the left tail is a small mass exact.
    right = lower > 0
    lower, upper = np.where(right, -upper, lower), np.where(right, -lower, upper)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(ndtr(upper) - ndtr(lower)))
