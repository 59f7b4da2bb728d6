"""Which of two finished trials is better, where pruned ones count too."""

import math

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState


def finished(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def rank(study: Study, trial: FrozenTrial) -> tuple[bool, float, int]:
    """Lower is better: a pruned trial comes after every completed one, among its like by its last value."""
    is_pruned = trial.state is TrialState.PRUNED
    value = None if is_pruned else trial.value
    if is_pruned and trial.last_step is not None:
        value = trial.intermediate_values[trial.last_step]
    if value is None or math.isnan(value):
        return is_pruned, math.inf, trial.number
    cost = -value if study.direction is StudyDirection.MAXIMIZE else value
    return is_pruned, cost, trial.number
