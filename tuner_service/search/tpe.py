"""Optuna's TPE over columns: the same suggestions, in a fraction of the time where trials are many."""

from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner_service.search.columns import Reader
from tuner_service.search.parzen import ParzenEstimator
from tuner_service.search.seen import Seen

Distributions = dict[str, BaseDistribution]


class TpeSampler(TPESampler):
    """Multivariate TPE in groups, which keeps away from running trials. One sampler makes one suggestion."""

    def __init__(self, reader: Reader, startup_trials: int, seed: int) -> None:
        super().__init__(
            n_startup_trials=startup_trials,
            multivariate=True,
            group=True,
            constant_liar=True,
            seed=seed,
        )
        self._reader = reader
        self._seen: Seen | None = None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        self._search_space_group = self._see(study, trial).groups()
        return {
            name: distribution
            for group in self._search_space_group.search_spaces
            for name, distribution in sorted(group.items())
            if not distribution.single()
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        if self._see(study, trial).finished < self._n_startup_trials:
            return self._random_sampler.sample_independent(
                study, trial, param_name, param_distribution
            )
        return self._sample(study, trial, {param_name: param_distribution})[param_name]

    def _sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        if not search_space or self._see(study, trial).finished < self._n_startup_trials:
            return {}
        return self._sample(study, trial, search_space)

    def _sample(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        seen = self._see(study, trial)
        below, above = (
            ParzenEstimator(observed, search_space, self._parzen_estimator_parameters, weights)
            for observed, weights in (seen.good(search_space), seen.others(search_space))
        )
        samples = below.sample(self._rng.rng, self._n_ei_candidates)
        best = self._compare(samples, self._compute_acquisition_func(samples, below, above))
        return {n: d.to_external_repr(best[n]) for n, d in search_space.items()}

    def _see(self, study: Study, trial: FrozenTrial) -> Seen:
        if self._seen is None:
            self._seen = Seen(self._reader, study, trial)
        return self._seen
