"""Candidates that fill the space evenly: the points of a scrambled Sobol sequence, one a trial number."""

from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import intersection_search_space
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner_service.search.importing import IMPORTING
from tuner_service.search.unit import from_unit

Distributions = dict[str, BaseDistribution]
LENGTH = 2**30
"""A sequence of SciPy's has so many points; after them it begins again."""


class QuasiRandomSampler(BaseSampler):
    """Trial *n* gets the *n*-th point, whatever has ended or runs.

    ``space`` is the whole space, conditional parameters and all; without one it is what the trials so far have in
    common, and the rest is random. Optuna's own sampler counts its points in the study, so two asks at once may get
    the same one.
    """

    def __init__(self, seed: int, space: Distributions | None = None) -> None:
        self._seed = seed
        self._space = space
        self._random = RandomSampler(seed=seed % 2**32)

    def reseed_rng(self) -> None:
        self._random.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        if self._space is not None:
            return self._space
        return intersection_search_space(study.get_trials(deepcopy=False))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        point = sobol(len(search_space), trial.number, self._seed)
        return {
            name: from_unit(distribution, coordinate)
            for (name, distribution), coordinate in zip(search_space.items(), point, strict=True)
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def sobol(dimensions: int, index: int, seed: int) -> list[float]:
    """One point of the sequence with this seed, in [0, 1) along each dimension."""
    if dimensions == 0:
        return []
    # Takes half a second, which a server without such a study need not spend.
    with IMPORTING:
        from scipy.stats.qmc import Sobol

    sequence = Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed))
    if index % LENGTH:
        sequence.fast_forward(index % LENGTH)
    point: list[float] = sequence.random(1)[0].tolist()
    return point
