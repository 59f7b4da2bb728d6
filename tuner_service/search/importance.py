"""How much each parameter mattered."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from optuna.trial import TrialState as OptunaState

from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.importing import IMPORTING
from tuner_service.search.snapshot import Snapshot, directions, of_first_objective


def importance(history: History) -> dict[str, float]:
    """The share of each parameter in the variation of the first objective (PED-ANOVA), largest first; they sum to 1.

    Empty until two completed trials came out differently. A parameter that exists only under some conditions is judged
    over the trials that have it, and the more so the more of the best ones are among them.
    """
    done = [trial for trial in history.ended if trial.state is OptunaState.COMPLETE]
    if len({trial.values[0] for trial in done}) < 2:
        return {}
    current = history.frozen(Past(-1, TrialState.RUNNING, {}))
    if len(history.spec.objectives) > 1:
        done = of_first_objective(done)
    snapshot = Snapshot(directions([history.spec.objective]), done, current, {})
    found = _get_param_importances()(snapshot.study())
    return {name: float(value) for name, value in found.items()}


@cache
def _get_param_importances() -> Callable[..., dict[str, Any]]:
    """Optuna's function, imported when it is first asked for, and without scikit-learn.

    Optuna brings scikit-learn along, where it is installed, for another method than ours: a second and 90 MB.
    """
    with IMPORTING:
        absent = object()
        before = sys.modules.get("sklearn", absent)
        if before is absent:
            sys.modules["sklearn"] = None  # type: ignore[assignment]  # "import sklearn" then fails, which Optuna expects
        try:
            from optuna.importance import get_param_importances
        finally:
            if before is absent:
                del sys.modules["sklearn"]
    function: Callable[..., dict[str, Any]] = get_param_importances
    return function
