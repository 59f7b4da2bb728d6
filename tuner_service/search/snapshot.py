"""An Optuna study over a history that is already in memory: nothing is copied, nothing is stored.

Optuna's samplers and pruners read trials through a storage and leave notes in it. This one shows them the history and
one trial of interest, and keeps what they note down.
"""

import warnings
from collections.abc import Container, Sequence
from copy import copy
from typing import Any, NoReturn

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from tuner_service.domain.study import Direction, Objective

optuna.logging.set_verbosity(optuna.logging.ERROR)
# Once for the process, since filters are not safe to change in threads: what Optuna still calls experimental is held by
# our own tests, and a curve of nothing but NaN is pruned without a word from numpy.
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
warnings.filterwarnings("ignore", "Some regimes for parameter", UserWarning)

_STUDY = 0
_NAME = "snapshot"


def directions(objectives: Sequence[Objective]) -> list[StudyDirection]:
    return [
        StudyDirection.MAXIMIZE if o.direction is Direction.MAXIMIZE else StudyDirection.MINIMIZE
        for o in objectives
    ]


def of_first_objective(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The same completed trials as if the first objective were the only one."""
    alone = [copy(trial) for trial in trials]
    for trial in alone:
        trial.values = trial.values[:1]
    return alone


class Snapshot(BaseStorage):
    """Trials by number; only ``current`` may change, by what a sampler suggests for it."""

    def __init__(
        self,
        towards: list[StudyDirection],
        trials: list[FrozenTrial],
        current: FrozenTrial,
        notes: dict[str, Any],
    ) -> None:
        self._directions = towards
        self._trials = trials
        self._current = current
        self._given = notes
        self.study_notes: dict[str, Any] = {}
        self.trial_notes: dict[str, Any] = {}

    def trial(self, sampler: BaseSampler) -> Trial:
        """The current trial, to ask a sampler for its parameters."""
        return Trial(self.study(sampler=sampler), self._current._trial_id)

    def study(self, sampler: BaseSampler | None = None, pruner: BasePruner | None = None) -> Study:
        return Study(
            _NAME,
            self,
            sampler=sampler or optuna.samplers.RandomSampler(),
            pruner=pruner or NopPruner(),
        )

    # What samplers and pruners read.

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        if states is None:
            return list(self._trials)
        return [trial for trial in self._trials if trial.state in states]

    def get_trial(self, trial_id: int) -> FrozenTrial:
        if trial_id == self._current._trial_id:
            return self._current
        return next(trial for trial in self._trials if trial._trial_id == trial_id)

    def get_study_id_from_name(self, study_name: str) -> int:
        return _STUDY

    def get_study_name_from_id(self, study_id: int) -> str:
        return _NAME

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return {}

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._given | self.study_notes

    # What they leave behind.

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        self._current.params[param_name] = distribution.to_external_repr(param_value_internal)
        self._current.distributions[param_name] = distribution

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._current.system_attrs[key] = value
        self.trial_notes[key] = value

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self.study_notes[key] = value

    # A snapshot is for one suggestion or one verdict: it has no other uses.

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError("a snapshot holds one study and does not change")

    create_new_study = _refuse
    delete_study = _refuse
    get_all_studies = _refuse
    create_new_trial = _refuse
    set_study_user_attr = _refuse
    set_trial_user_attr = _refuse
    set_trial_state_values = _refuse
    set_trial_intermediate_value = _refuse
