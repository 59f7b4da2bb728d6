"""Learning curves of many trials together."""

from tuner_service.domain.study import Direction
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.errors import Invalid, Problem, known
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading.charts.thinning import spread
from tuner_service.service.setup import Service
from tuner_service.service.views import Json
from tuner_service.storage import results

MOST = 300
MOST_VALUES = 60_000
"""Of all curves together: the longer they are, the fewer are drawn."""
FEWEST = 20
ENDS = 30
"""So many of the best, of the worst and of the newest are always among them."""


def curves(service: Service, shown: Shown, metric: str | None) -> Json:
    """A metric over the epochs of at most MOST trials: the running, the best, the worst, the newest, and some between.

    The metric is the first objective unless another is named. Raises Invalid.
    """
    study = shown.study
    trials = chosen(shown)
    names = {objective.metric: None for objective in study.spec.objectives}
    with service.database.read() as connection:
        for metrics in results.first_metrics(connection, [trial.id for trial in trials]):
            names |= dict.fromkeys(metrics)
        metric = study.spec.objective.metric if metric is None else metric
        if metric not in names:
            msg = f'unknown metric "{metric}"; known: {known(names)}'
            raise Invalid([Problem(("query", "metric"), msg)])
        read = service.results.of(study).curves.read(connection, study, trials, metric)
    return {
        "revision": study.revision,
        "metric": metric,
        "metrics": list(names),
        "total": sum(trial.epochs > 0 for trial in shown.trials),
        "shown": len(trials),
        "curves": [
            {"number": trial.number, "state": trial.state, "values": read[trial.number]}
            for trial in trials
        ],
    }


def chosen(shown: Shown) -> list[Trial]:
    """The trials whose curves are drawn, by number."""
    trials = [trial for trial in shown.trials if trial.epochs]
    longest = max((trial.epochs for trial in trials), default=1)
    most = min(MOST, max(FEWEST, MOST_VALUES // longest))
    valued = [place for place, trial in enumerate(trials) if trial.value is not None]
    upwards = shown.study.spec.objective.direction is Direction.MINIMIZE
    valued.sort(key=lambda place: trials[place].value or 0.0, reverse=not upwards)
    places = range(len(trials))
    running = [place for place in places if trials[place].state is TrialState.RUNNING]
    ends = min(ENDS, most // 5)
    always = [*running[::-1], *valued[:ends], *valued[-ends:], *places[-ends:]]
    valueless = [place for place in places if trials[place].value is None]
    return [trials[place] for place in spread([*valued, *valueless], most, always)]
