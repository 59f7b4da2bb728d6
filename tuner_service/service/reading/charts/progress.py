"""What came out, trial after trial, and how the best got better."""

from tuner_service.domain.study import Objective
from tuner_service.domain.trial import Trial
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading.charts.thinning import envelope
from tuner_service.service.views import Json
from tuner_service.wire import rfc3339

MOST = 2000


def progress(shown: Shown) -> Json:
    """The first objective of at most MOST completed trials in the order in which they ended, and every improvement.

    ``seconds`` is when a trial ended, counted from the opening of the study.
    """
    study = shown.study
    objective = study.spec.objective
    completed = shown.completed
    better = improvements(objective, completed)
    values = [value for _, value in completed]
    others = envelope(values, max(MOST - len(better), 2))
    places = sorted({*others, *better})
    drawn = _columns([completed[place] for place in places], study.created_at)
    drawn["state"] = [completed[place][0].state for place in places]
    return {
        "revision": study.revision,
        "metric": objective.metric,
        "direction": objective.direction,
        "opened_at": rfc3339(study.created_at),
        "total": len(completed),
        "shown": len(places),
        "trials": drawn,
        "best": _columns([completed[place] for place in better], study.created_at),
    }


def improvements(objective: Objective, completed: list[tuple[Trial, float]]) -> list[int]:
    """The places of the trials that were better than all before them."""
    places: list[int] = []
    best: float | None = None
    for place, (_, value) in enumerate(completed):
        if objective.better(value, than=best):
            best = value
            places.append(place)
    return places


def _columns(trials: list[tuple[Trial, float]], opened: float) -> Json:
    return {
        "number": [trial.number for trial, _ in trials],
        "value": [value for _, value in trials],
        "seconds": [round((trial.finished_at or opened) - opened, 1) for trial, _ in trials],
    }
