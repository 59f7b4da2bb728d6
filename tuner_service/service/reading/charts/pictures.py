"""Optuna's pictures of a study, over as many trials as an eye can tell apart. ``figure`` is None where there is none.

Why there is none is said in ``reason``.
"""

from collections.abc import Collection, Sequence

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial
from tuner_service.errors import Invalid, Problem, known
from tuner_service.search import History, Past, figures, importance
from tuner_service.service.memory.histories import past
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading.charts.parallel import representative, searched
from tuner_service.service.views import Json, pareto_front

SLICED = 400
CONTOURED = 150
"""A contour is a grid with a row and a column for each trial."""
COMPARED = 1000
WEIGHED = 2000
NONE_COMPLETED = "no trial is completed yet"


def slices(shown: Shown, wanted: Sequence[str]) -> Json:
    """The first objective over each of these parameters, over all if none is named. Raises Invalid."""
    by_name = {parameter.name: parameter for parameter in searched(shown.study.space.parameters)}
    _check(wanted, by_name, "parameter")
    parameters = [by_name[name] for name in wanted or by_name]
    trials = representative(shown.completed, parameters, SLICED)
    present = [p.name for p in parameters if any(p.name in trial.parameters for trial in trials)]
    if not trials:
        return _none(shown, NONE_COMPLETED)
    if not present:
        return _none(shown, "no completed trial has any of these parameters")
    study = shown.study
    figure = figures.slices(study.spec, study.space, _pasts(study, trials), present)
    return _drawn(shown, figure, len(trials))


def contour(shown: Shown, x: str, y: str) -> Json:
    """The first objective over two parameters. Raises Invalid."""
    study = shown.study
    by_name = {parameter.name: parameter for parameter in searched(study.space.parameters)}
    _check([x], by_name, "x")
    _check([y], by_name, "y")
    if x == y:
        others = known(name for name in by_name if name != x)
        raise Invalid(
            [Problem(("query", "y"), f'"{y}" is on the x axis already; others: {others}')]
        )
    both = [
        (trial, value)
        for trial, value in shown.completed
        if x in trial.parameters and y in trial.parameters
    ]
    if len(both) < 2:
        return _none(shown, f'fewer than two completed trials have both "{x}" and "{y}"')
    for name in (x, y):
        if len({trial.parameters[name] for trial, _ in both}) < 2:
            return _none(shown, f'"{name}" is the same in all completed trials that have both')
    trials = representative(both, [by_name[x], by_name[y]], CONTOURED)
    figure = figures.contour(study.spec, study.space, _pasts(study, trials), x, y)
    return _drawn(shown, figure, len(trials))


def pareto(shown: Shown, x: str | None, y: str | None) -> Json:
    """Two objectives over each other, the first two unless others are named. Raises Invalid."""
    study = shown.study
    metrics = [objective.metric for objective in study.spec.objectives]
    if len(metrics) < 2:
        return _none(shown, "the study has one objective")
    x = metrics[0] if x is None else x
    y = next(metric for metric in metrics if metric != x) if y is None else y
    _check([x], metrics, "x")
    _check([y], [metric for metric in metrics if metric != x], "y")
    completed = [trial for trial, _ in shown.completed]
    if not completed:
        return _none(shown, NONE_COMPLETED)
    front = pareto_front(study.spec.objectives, completed)
    numbers = {trial.number for trial in front}
    beaten = [(trial, value) for trial, value in shown.completed if trial.number not in numbers]
    trials = [*front, *representative(beaten, (), COMPARED)]
    pasts = _pasts(study, trials)
    figure = figures.pareto(study.spec, study.space, pasts, metrics.index(x), metrics.index(y))
    return _drawn(shown, figure, len(trials))


def weights(shown: Shown) -> Json:
    """The importance of each parameter for the first objective; empty while too little is known."""
    study = shown.study
    history = History(study.spec, study.space)
    for trial in representative(shown.completed, (), WEIGHED):
        history.add(past(study, trial, []), trial.ended_revision or 0)
    return {
        "revision": study.revision,
        "metric": study.spec.objective.metric,
        "importance": importance(history),
    }


def _pasts(study: Study, trials: Sequence[Trial]) -> list[Past]:
    return [past(study, trial, []) for trial in trials]


def _drawn(shown: Shown, figure: Json, count: int) -> Json:
    return {
        "revision": shown.study.revision,
        "shown": count,
        "total": len(shown.completed),
        "figure": figure,
    }


def _none(shown: Shown, reason: str) -> Json:
    total = len(shown.completed)
    return {
        "revision": shown.study.revision,
        "shown": 0,
        "total": total,
        "figure": None,
        "reason": reason,
    }


def _check(names: Sequence[str], allowed: Collection[str], at: str) -> None:
    """Raises Invalid."""
    problems = [
        Problem(("query", at), f'unknown name "{name}"; allowed: {known(allowed)}')
        for name in names
        if name not in allowed
    ]
    if problems:
        raise Invalid(problems)
