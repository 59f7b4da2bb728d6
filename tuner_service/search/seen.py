"""What TPE makes a suggestion from: which trials are good, and what parameters those and all others had."""

from functools import cached_property

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers._tpe.sampler import (
    _split_complete_trials_multi_objective,
    default_gamma,
    default_gamma_multiobjective,
)
from optuna.search_space.group_decomposed import _SearchSpaceGroup
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner_service.search.columns import Reader

Distributions = dict[str, BaseDistribution]
Observed = tuple[dict[str, np.ndarray], np.ndarray | None]
"""Values of each parameter, a place each trial, and the trials' weights; None: by their age."""


class Seen:
    """The trials of a study but the current one: the finished ones, completed or pruned, and those that run."""

    def __init__(self, reader: Reader, study: Study, current: FrozenTrial) -> None:
        self._study = study
        self._reader = reader
        self._trials = study.get_trials(deepcopy=False)
        self._columns = reader.read(self._trials)
        self._completed = self._columns.places(TrialState.COMPLETE)
        self._pruned = self._columns.places(TrialState.PRUNED)
        running = self._columns.places(TrialState.RUNNING)
        self._running = running[self._columns.numbers[running] != current.number]
        self.finished = len(self._completed) + len(self._pruned)

    def groups(self) -> _SearchSpaceGroup:
        """The parameters in groups that exist only together, as far as finished trials have shown."""
        groups = _SearchSpaceGroup()
        finished = np.sort(np.append(self._completed, self._pruned))
        kinds = self._columns.kinds[finished]
        # Only the first trial of a kind divides anything.
        _, firsts = np.unique(kinds, return_index=True)
        for kind in kinds[np.sort(firsts)]:
            groups.add_distributions(self._reader.kinds[kind])
        return groups

    def good(self, space: Distributions) -> Observed:
        observed = self._observed(space, self._good)
        if not self._study._is_multi_objective():
            return observed, None
        return observed, np.ones(len(next(iter(observed.values()))))

    def others(self, space: Distributions) -> Observed:
        """The rest, and what runs: nobody else need try that."""
        return self._observed(space, self._others), None

    def _observed(self, space: Distributions, places: np.ndarray) -> dict[str, np.ndarray]:
        values = np.array([self._columns.parameters[name][places] for name in space])
        exist = ~np.isnan(values).any(axis=0)
        return dict(zip(space, values[:, exist], strict=True))

    @cached_property
    def _others(self) -> np.ndarray:
        places = np.concatenate([self._completed, self._pruned, self._running])
        return np.setdiff1d(places, self._good)

    @cached_property
    def _good(self) -> np.ndarray:
        """The places of the best finished trials, ascending; how many is Optuna's rule."""
        if self._study._is_multi_objective():
            wanted = default_gamma_multiobjective(self.finished)
            best = self._best_trade_offs(min(wanted, len(self._completed)))
        else:
            wanted = default_gamma(self.finished)
            costs = self._costs(self._completed)
            best = self._completed[np.argsort(costs, kind="stable")][:wanted]
        # Then those pruned ones that came furthest.
        order = np.lexsort((self._costs(self._pruned), -self._columns.steps[self._pruned]))
        return np.sort(np.append(best, self._pruned[order][: wanted - len(best)]))

    def _best_trade_offs(self, wanted: int) -> np.ndarray:
        trials = [self._trials[place] for place in self._completed]
        best, _ = _split_complete_trials_multi_objective(trials, self._study, wanted)
        numbers = [trial.number for trial in best]
        return np.flatnonzero(np.isin(self._columns.numbers, numbers))

    def _costs(self, places: np.ndarray) -> np.ndarray:
        """Lower is better; what is no number is the worst."""
        values = self._columns.values[places]
        maximize = self._study.directions[0] is StudyDirection.MAXIMIZE
        return np.where(np.isnan(values), np.inf, -values if maximize else values)
