"""CMA-ES for spaces of numbers, by the package ``cmaes``.

What it has learned by a generation is noted down, as plain numbers, with the trial that is the first to be asked after
that generation's end. Optuna's own sampler keeps a pickle there, which no server should open.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from cmaes import CMA
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import intersection_search_space
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner_service.search.quasi_random import Distributions
from tuner_service.search.ranking import finished, rank
from tuner_service.search.unit import Number, from_unit, to_unit

SPREAD = 1 / 6
"""The standard deviation at the beginning, as a share of each range."""
_GENERATION = "cmaes:generation"
_STATE = "cmaes:state"

State = dict[str, Any]


class CmaEsSampler(BaseSampler):
    """Numbers by CMA-ES, choices at random.

    ``population``: candidates in a generation; None: 4 + 3 ln(numbers). ``space`` as for the quasi-random sampler.
    """

    def __init__(
        self, seed: int, population: int | None = None, space: Distributions | None = None
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._population = population
        self._space = space
        self._others = RandomSampler(seed=seed)

    def reseed_rng(self) -> None:
        self._random = np.random.default_rng()
        self._others.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        space = self._space
        if space is None:
            space = intersection_search_space(study.get_trials(deepcopy=False))
        return {n: d for n, d in space.items() if isinstance(d, Number) and not d.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        self._raise_error_if_multi_objective(study)
        if not search_space:
            return {}
        optimizer = self._optimizer(study, dimensions=len(search_space))
        if solutions := _solutions(study, search_space, optimizer):
            optimizer.tell(solutions)
            study._storage.set_trial_system_attr(trial._trial_id, _STATE, _state(optimizer))
        study._storage.set_trial_system_attr(trial._trial_id, _GENERATION, optimizer.generation)
        # All trials of a generation begin with the same optimizer, and each is to get a point of its own.
        optimizer.reseed_rng(int(self._random.integers(2**32)))
        point = optimizer.ask()
        return {
            name: from_unit(distribution, float(coordinate))
            for (name, distribution), coordinate in zip(search_space.items(), point, strict=True)
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        self._raise_error_if_multi_objective(study)
        return self._others.sample_independent(study, trial, param_name, param_distribution)

    def _optimizer(self, study: Study, dimensions: int) -> CMA:
        """The optimizer as it was noted down last, or a new one."""
        state = _newest_state(study.get_trials(deepcopy=False), dimensions)
        optimizer = CMA(
            mean=np.full(dimensions, 0.5) if state is None else np.array(state["mean"]),
            sigma=SPREAD if state is None else state["sigma"],
            cov=None if state is None else np.array(state["covariance"]),
            bounds=np.tile([0.0, 1.0], (dimensions, 1)),
            population_size=self._population,
            n_max_resampling=10 * dimensions,
        )
        if state is not None:
            optimizer._g = state["generation"]
            optimizer._p_sigma = np.array(state["sigma_path"])
            optimizer._pc = np.array(state["covariance_path"])
        return optimizer


def _newest_state(trials: Sequence[FrozenTrial], dimensions: int) -> State | None:
    states = (trial.system_attrs[_STATE] for trial in trials if _STATE in trial.system_attrs)
    fitting = (state for state in states if len(state["mean"]) == dimensions)
    return max(fitting, key=lambda state: int(state["generation"]), default=None)


def _state(optimizer: CMA) -> State:
    return {
        "generation": optimizer.generation,
        # A mean of points inside the bounds, which may be a rounding error outside.
        "mean": optimizer.mean.clip(0.0, 1.0).tolist(),
        "sigma": float(optimizer._sigma),
        "covariance": optimizer._C.tolist(),
        "sigma_path": optimizer._p_sigma.tolist(),
        "covariance_path": optimizer._pc.tolist(),
    }


def _solutions(
    study: Study, space: Distributions, optimizer: CMA
) -> list[tuple[np.ndarray, float]] | None:
    """The points of the present generation and their places in it, which is all that counts; None until it is full."""
    trials = [
        trial
        for trial in finished(study)
        if trial.system_attrs.get(_GENERATION) == optimizer.generation
        and trial.params.keys() >= space.keys()
    ]
    if len(trials) < optimizer.population_size:
        return None
    ranked = sorted(trials[: optimizer.population_size], key=lambda trial: rank(study, trial))
    return [(_point(trial, space), float(place)) for place, trial in enumerate(ranked)]


def _point(trial: FrozenTrial, space: Distributions) -> np.ndarray:
    numbers = {n: d for n, d in space.items() if isinstance(d, Number)}
    return np.array([to_unit(d, trial.params[n]) for n, d in numbers.items()])
