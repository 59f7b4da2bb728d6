"""Parameters and the objective of many trials beside each other, an axis each."""

from collections.abc import Iterable, Sequence

from tuner_service.domain.parameter import Parameter, Type
from tuner_service.domain.trial import Trial
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading.charts.thinning import spread
from tuner_service.service.views import Json

MOST = 1500


def parallel(shown: Shown) -> Json:
    """At most MOST completed trials; those that are extreme in a dimension or in the objective are among them."""
    study = shown.study
    parameters = searched(study.space.parameters)
    trials = representative(shown.completed, parameters, MOST)
    return {
        "revision": study.revision,
        "total": len(shown.completed),
        "shown": len(trials),
        "objective": {
            "metric": study.spec.objective.metric,
            "direction": study.spec.objective.direction,
        },
        "dimensions": [_dimension(parameter, trials) for parameter in parameters],
        "number": [trial.number for trial in trials],
        "value": [trial.value for trial in trials],
        "state": [trial.state for trial in trials],
    }


def searched(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Those that have more than one value."""
    return [parameter for parameter in parameters if parameter.type is not Type.FIXED]


def representative(
    completed: Sequence[tuple[Trial, float]], parameters: Sequence[Parameter], most: int
) -> list[Trial]:
    """At most so many trials by number, spread evenly over the objective, with the extremes of all parameters."""
    trials = sorted((trial for trial, _ in completed), key=lambda trial: trial.number)
    if len(trials) <= most:
        return trials
    order = sorted(range(len(trials)), key=lambda place: trials[place].value or 0.0)
    always = [order[0], order[-1], len(trials) - 1]
    for parameter in parameters:
        always += _extremes(parameter, trials)
    return [trials[place] for place in spread(order, most, always)]


def _extremes(parameter: Parameter, trials: Sequence[Trial]) -> Iterable[int]:
    """The places of the smallest and the largest number, or of the first trial with each choice."""
    values = {
        place: trial.parameters[parameter.name]
        for place, trial in enumerate(trials)
        if parameter.name in trial.parameters
    }
    if not values:
        return ()
    if parameter.type in (Type.INT, Type.FLOAT):
        return (min(values, key=values.__getitem__), max(values, key=values.__getitem__))
    return {value: place for place, value in reversed(values.items())}.values()


def _dimension(parameter: Parameter, trials: Sequence[Trial]) -> Json:
    choices = [False, True] if parameter.type is Type.BOOL else list(parameter.choices)
    return {
        "name": parameter.name,
        "type": parameter.type,
        "log": parameter.log,
        "min": parameter.min,
        "max": parameter.max,
        "choices": choices or None,
        "values": [trial.parameters.get(parameter.name) for trial in trials],
    }
