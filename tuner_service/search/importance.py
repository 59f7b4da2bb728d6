"""How much each parameter mattered."""

from optuna.trial import TrialState as OptunaState

from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.snapshot import Snapshot, directions

FEWEST = 2
"""Fewer completed trials than this say nothing."""


def importance(history: History) -> dict[str, float]:
    """The share of each parameter in the variation of the first objective (PED-ANOVA), largest first; they sum to 1.

    Empty as long as too few trials are completed, or all came out the same. Parameters that exist only under some
    conditions are judged over the trials that have them all.
    """
    from optuna.importance import (
        get_param_importances,  # brings SciPy along: not when a server starts
    )

    done = [trial for trial in history.ended if trial.state is OptunaState.COMPLETE]
    if len(done) < FEWEST:
        return {}
    current = history.frozen(Past(-1, TrialState.RUNNING, {}))
    snapshot = Snapshot(directions(history.spec.objectives), done, current, {})
    several = len(history.spec.objectives) > 1
    found = get_param_importances(
        snapshot.study(), target=(lambda trial: trial.values[0]) if several else None
    )
    return {name: float(value) for name, value in found.items()}
