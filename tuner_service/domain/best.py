"""The best epoch of a trial, by the first objective."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tuner_service.domain.study import Objective
from tuner_service.domain.trial import Epoch, Trial


@dataclass(frozen=True)
class Best:
    """An epoch with the first objective's value in it, and the values of all objectives."""

    epoch: int
    value: float
    values: Mapping[str, float]


def best_so_far(trial: Trial) -> Best | None:
    if trial.best_epoch is None or trial.value is None or trial.values is None:
        return None
    return Best(trial.best_epoch, trial.value, trial.values)


def better(objectives: Sequence[Objective], best: Best | None, epoch: Epoch) -> Best | None:
    """The better one of two; an epoch counts only if every objective is finite in it."""
    value = epoch.metrics.get(objectives[0].metric)
    if value is None or not objectives[0].better(value, than=best.value if best else None):
        return best
    values = {objective.metric: epoch.metrics.get(objective.metric) for objective in objectives}
    complete = {metric: value for metric, value in values.items() if value is not None}
    return Best(epoch.epoch, value, complete) if len(complete) == len(values) else best


def best_of(objectives: Sequence[Objective], epochs: Iterable[Epoch]) -> Best | None:
    best = None
    for epoch in epochs:
        best = better(objectives, best, epoch)
    return best
