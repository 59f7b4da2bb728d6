"""Which metrics a study needs, and whether its model reports them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tuner_service.errors import Problem, known

CALLBACKS = ("early_stopping", "reduce_lr_on_plateau")


def unknown_metrics(
    objectives: Sequence[Mapping[str, Any]],
    training: Mapping[str, Any],
    reported: Collection[str],
) -> list[Problem]:
    """The objectives and monitors that no epoch of a model with these metrics reports."""
    needed: list[tuple[tuple[str | int, ...], str]] = [
        (("objectives", index, "metric"), objective["metric"])
        for index, objective in enumerate(objectives)
    ]
    needed += [
        (("training", name, "monitor"), training[name]["monitor"])
        for name in CALLBACKS
        if training.get(name) is not None
    ]
    return [
        Problem(loc, f'unknown metric "{metric}"; this model reports: {known(reported)}')
        for loc, metric in needed
        if metric not in reported
    ]
