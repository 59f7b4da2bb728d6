"""Bayesian search by a Gaussian process: for some hundred trials at most, of an objective that is mostly smooth.

What was fitted for a trial is noted down with it, and the next fit begins there.
"""

from functools import cache
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from threadpoolctl import threadpool_limits

from tuner_service.domain.space import Space
from tuner_service.search.quasi_random import Distributions, QuasiRandomSampler
from tuner_service.search.ranking import finished
from tuner_service.search.surrogate.acquisition import Ascent
from tuner_service.search.surrogate.columns import DIGITS, Array
from tuner_service.search.surrogate.encoding import Encoding
from tuner_service.search.surrogate.kernel import Kernel, Posterior, fitted
from tuner_service.search.surrogate.process import Process
from tuner_service.search.surrogate.targets import targets
from tuner_service.search.unit import from_unit

STARTUP_TRIALS = 8
INCUMBENTS = 5
"""So many of the best are looked around for what is better still."""
_KERNEL = "gp:kernel"


class GaussianProcessSampler(BaseSampler):
    """Where improvement is expected most. ``start`` has the first trials, until ``startup_trials`` have finished.

    ``space`` says which parameters exist beside which values; without it all do. Running trials are taken to turn out
    as expected, so that no two of them look into the same thing.
    """

    def __init__(
        self,
        start: QuasiRandomSampler,
        seed: int,
        startup_trials: int | None = None,
        space: Space | None = None,
    ) -> None:
        self._start = start
        self._startup_trials = max(2, startup_trials or STARTUP_TRIALS)
        self._space = space
        self._random = np.random.default_rng(seed)

    def reseed_rng(self) -> None:
        self._start.reseed_rng()
        self._random = np.random.default_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        return self._start.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        self._raise_error_if_multi_objective(study)
        past = finished(study)
        encoding = Encoding(search_space, self._space)
        if len(past) < self._startup_trials or not encoding.columns:
            return self._start.sample_relative(study, trial, search_space)
        _use_one_thread()
        # Other samplers carry along what does not exist.
        known = encoding.existing(encoding.points([each.params for each in past]))
        features, results = encoding.features(known), targets(study, past, self._startup_trials)
        newest = _newest_kernel(study, len(encoding.columns))
        dimensions = float((~np.isnan(known)).sum(axis=1).mean())
        posterior = Posterior(encoding.owners, features, results, max(1.0, dimensions))
        logarithms = fitted(posterior, newest).round(DIGITS)
        study._storage.set_trial_system_attr(trial._trial_id, _KERNEL, logarithms.tolist())
        process = Process(Kernel.of(logarithms), encoding.owners, features, results)
        best = np.argsort(process.smoothed, kind="stable")[:INCUMBENTS]
        running = encoding.existing(
            encoding.points([each.params for each in _running(study, trial)])
        )
        given = encoding.points([trial.system_attrs.get("fixed_params", {})])[0]
        ascent = Ascent(
            encoding,
            process.believing(encoding.features(running)) if len(running) else process,
            float(process.smoothed[best[0]]),
            given,
            self._random,
        )
        found = ascent.highest(known[best], np.vstack([known, running]))
        alone = {n: from_unit(d, 0.5) for n, d in search_space.items() if d.single()}
        return alone | encoding.parameters(found)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        self._raise_error_if_multi_objective(study)
        return self._start.sample_independent(study, trial, param_name, param_distribution)


@cache
def _use_one_thread() -> None:
    """For linear algebra, in this process and for good.

    Matrices of some hundred rows gain little by more, and lose much on a machine that is busy, where threads wait for
    each other. Also the sums are rounded alike on any number of cores.
    """
    threadpool_limits(1, user_api="blas")


def _running(study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return [each for each in trials if each.number != trial.number and each.params]


def _newest_kernel(study: Study, columns: int) -> Array | None:
    """As it was noted down last, for so many columns."""
    for trial in reversed(study.get_trials(deepcopy=False)):
        noted = trial.system_attrs.get(_KERNEL, ())
        if len(noted) == columns + 2:
            return np.array(noted)
    return None
