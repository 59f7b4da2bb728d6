"""Trials beside one another: what each was given and how it fared, a row for each thing, a cell for each trial."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuner_service.dashboard import formatting
from tuner_service.domain import training
from tuner_service.domain.study import Direction, Executor, Study
from tuner_service.domain.trial import OPEN

SERIES = 7
"""So many colours there are; the trials beyond them have dashed lines in the same."""
UNTOLD = frozenset({"verbose", "max_attempts", "max_silence_seconds", "retry_failed"})
"""Settings of a training that change nothing about its result."""


@dataclass(frozen=True)
class Compared:
    """A trial and its study; ``index`` is its place among those that are compared."""

    study: Study
    trial: Mapping[str, Any]
    index: int

    def __str__(self) -> str:
        return f"{self.study.name}/{self.trial['number']}"

    @property
    def href(self) -> str:
        return f"/studies/{self.study.name}/trials/{self.trial['number']}"

    @property
    def open(self) -> bool:
        return self.trial["state"] in OPEN

    @property
    def colour(self) -> int:
        """Which of the series' colours is its own."""
        return self.index % SERIES + 1

    @property
    def dashed(self) -> bool:
        return self.index >= SERIES

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the space, and how it was trained, whether that was searched or not."""
        given = dict(self.trial["parameters"])
        if self.study.spec.executor is Executor.KERAS:
            settled = training.resolved(self.study.spec.training, given)
            given |= dict(_flat(settled, training.PREFIX))
        return given


def _flat(settings: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, setting in settings.items():
        if name in UNTOLD:
            continue
        if isinstance(setting, Mapping):
            yield from _flat(setting, f"{prefix}{name}.")
        elif setting is not None:
            yield f"{prefix}{name}", setting


@dataclass(frozen=True)
class Cell:
    text: str
    best: bool = False


@dataclass(frozen=True)
class Row:
    """``differs``: whether the trials are not all the same in it. ``unranked``: why none of its cells is the best."""

    name: str
    cells: Sequence[Cell]
    differs: bool
    note: str = ""
    unranked: str = ""


@dataclass(frozen=True)
class Table:
    """``results`` are always shown; of the parameters those that differ, unless all are asked for."""

    results: Sequence[Row]
    parameters: Sequence[Row]


def table(compared: Sequence[Compared]) -> Table:
    return Table([*_values(compared), *_facts(compared)], list(_parameters(compared)))


def _values(compared: Sequence[Compared]) -> Iterator[Row]:
    """A row for each objective of any of the studies."""
    aims: dict[str, set[Direction]] = {}
    tasks: dict[str, set[str]] = {}
    for each in compared:
        for objective in each.study.spec.objectives:
            aims.setdefault(objective.metric, set()).add(objective.direction)
            tasks.setdefault(objective.metric, set()).add(_task(each.study))
    for metric, directions in aims.items():
        values = [(each.trial["values"] or {}).get(metric) for each in compared]
        unranked = _unranked(directions, tasks[metric])
        best = None if unranked else _best(values, next(iter(directions)))
        cells = [Cell(formatting.number(v), v is not None and v == best) for v in values]
        maximized = Direction.MAXIMIZE in directions
        aim = "higher is better" if maximized else "lower is better"
        yield Row(metric, cells, True, aim if len(directions) == 1 else "", unranked)


def _task(study: Study) -> str:
    """What its values are of: those of different data tell nothing about one another."""
    return study.spec.dataset or f"study {study.name}"


def _unranked(directions: Collection[Direction], tasks: Collection[str]) -> str:
    if len(directions) > 1:
        return "None is the best: the studies want the opposite of it."
    if len(tasks) > 1:
        return "None is the best: the values are of different data."
    return ""


def _best(values: Sequence[float | None], direction: Direction) -> float | None:
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known:
        return None
    return max(known) if direction is Direction.MAXIMIZE else min(known)


def _facts(compared: Sequence[Compared]) -> Iterator[Row]:
    number = formatting.count
    facts: Sequence[tuple[str, Callable[[Compared], str]]] = (
        ("Best epoch", lambda each: number(each.trial["best_epoch"])),
        ("Epochs", lambda each: number(each.trial["epochs"])),
        ("Took", lambda each: formatting.duration(each.trial["seconds"])),
        ("Model parameters", lambda each: number(each.trial["model_parameters"])),
        ("Search space", lambda each: each.study.spec.search_space or "of its own"),
        ("Data set", lambda each: each.study.spec.dataset or formatting.NONE),
        ("Worker", lambda each: each.trial["worker"] or formatting.NONE),
    )
    for name, of in facts:
        yield _row(name, [of(each) for each in compared])


def _parameters(compared: Sequence[Compared]) -> Iterator[Row]:
    given = [each.parameters for each in compared]
    names = dict.fromkeys(name for parameters in given for name in parameters)
    for name in sorted(names, key=lambda name: name.startswith(training.PREFIX)):
        yield _row(
            name,
            [
                formatting.value(parameters[name]) if name in parameters else formatting.NONE
                for parameters in given
            ],
        )


def _row(name: str, texts: Sequence[str]) -> Row:
    return Row(name, [Cell(text) for text in texts], len(set(texts)) > 1)
