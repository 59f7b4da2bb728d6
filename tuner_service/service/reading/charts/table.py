"""The trials of a study as a table: sorted by any column, filtered by conditions on any."""

from collections.abc import Sequence
from typing import Any

from tuner_service.domain.trial import Trial, TrialState
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading.charts.columns import Column, column, columns_of, conditions
from tuner_service.service.views import Json, trial_json


def table(
    shown: Shown,
    states: Sequence[TrialState],
    order_by: str,
    where: Sequence[str],
    limit: int,
    offset: int,
) -> Json:
    """A page of the trials that are in one of the states, if any is named, and meet every condition.

    ``order_by`` is a column (see ``columns_of``), "-" before it for the other way round; trials with nothing there come
    last. Raises Invalid.
    """
    columns = columns_of(shown.study)
    by = column(columns, order_by.removeprefix("-"), "order_by")
    meets = conditions(columns, where)
    matching = [
        trial for trial in shown.trials if (not states or trial.state in states) and meets(trial)
    ]
    ordered = _ordered(matching, by, order_by)
    return {
        "revision": shown.study.revision,
        "total": len(shown.trials),
        "matching": len(matching),
        "rows": [trial_json(shown.study.name, trial) for trial in ordered[offset : offset + limit]],
    }


def _ordered(trials: Sequence[Trial], by: Column, order_by: str) -> list[Trial]:
    keyed = [(by(trial), trial) for trial in trials]
    present = [(_rank(value), trial) for value, trial in keyed if value is not None]
    present.sort(key=lambda pair: pair[0], reverse=order_by.startswith("-"))
    return [trial for _, trial in present] + [trial for value, trial in keyed if value is None]


def _rank(value: Any) -> tuple[bool, Any]:
    """Numbers before texts, which cannot be compared with them."""
    return isinstance(value, str), value
