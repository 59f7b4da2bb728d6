"""A study: what is searched, towards what, within which budget; and the states it goes through."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tuner_service.domain.space import Space
from tuner_service.domain.training import MAX_ATTEMPTS


class StudyState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


TRANSITIONS: Mapping[str, tuple[tuple[StudyState, ...], StudyState]] = {
    # action: (from any of these, to this)
    "paused": ((StudyState.RUNNING,), StudyState.PAUSED),
    "resumed": ((StudyState.PAUSED,), StudyState.RUNNING),
    "cancelled": ((StudyState.RUNNING, StudyState.PAUSED), StudyState.CANCELLED),
    "completed": ((StudyState.RUNNING, StudyState.PAUSED), StudyState.COMPLETED),
    "failed": ((StudyState.RUNNING, StudyState.PAUSED), StudyState.FAILED),
}
EXTENDABLE = (StudyState.RUNNING, StudyState.PAUSED, StudyState.COMPLETED)
OVER = (StudyState.COMPLETED, StudyState.CANCELLED, StudyState.FAILED)

FAILURES_IN_A_ROW = 3
"""So many failed trials without one success end a study: its model cannot be trained."""


class Executor(StrEnum):
    KERAS = "keras"
    EXTERNAL = "external"


class Direction(StrEnum):
    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


@dataclass(frozen=True)
class Objective:
    metric: str
    direction: Direction

    def better(self, value: float, than: float | None) -> bool:
        """Whether a value beats another; a non-finite one never does, and anything beats None."""
        if not math.isfinite(value):
            return False
        if than is None:
            return True
        return value > than if self.direction is Direction.MAXIMIZE else value < than


def losses(objectives: Sequence[Objective], values: Mapping[str, float]) -> list[float]:
    """A trial's values in the order of the objectives, signed so that less is better in each."""
    return [
        -values[o.metric] if o.direction is Direction.MAXIMIZE else values[o.metric]
        for o in objectives
    ]


@dataclass(frozen=True)
class Search:
    """Which algorithm searches, its seed, and the options that are the algorithm's own; what ``auto`` picked."""

    algorithm: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pruning:
    """Which rule ends hopeless trials early, and the options that are the rule's own."""

    algorithm: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Budget:
    trials: int
    seconds: float | None


@dataclass(frozen=True)
class Spec:
    """What the user asked for, complete: every default is filled in when the study is opened."""

    name: str
    executor: Executor
    search_space: str | None
    """A registered space's name; None where the study brought its parameters along."""
    dataset: str | None
    objectives: tuple[Objective, ...]
    search: Search
    pruning: Pruning
    training: Mapping[str, Any]
    max_parallel: int | None
    priority: int

    @property
    def max_attempts(self) -> int:
        """So many deaths of its attempts end a trial."""
        most: int = self.training.get("max_attempts", MAX_ATTEMPTS)
        return most

    @property
    def retries_failed(self) -> bool:
        """Whether a failure inside training counts as a death, after which the trial is handed out again."""
        return bool(self.training.get("retry_failed", False))

    @property
    def objective(self) -> Objective:
        """The first one, by which epochs are judged and the best epoch is chosen."""
        return self.objectives[0]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Spec":
        search, pruning = dict(data["search"]), dict(data["pruning"])
        if picked := search.pop("picked", None):
            search = {"seed": search["seed"], **picked}
            del search["why"]
        space = data["search_space"]
        return cls(
            name=data["name"],
            executor=Executor(data["executor"]),
            search_space=space if isinstance(space, str) else None,
            dataset=data.get("dataset"),
            objectives=tuple(
                Objective(item["metric"], Direction(item["direction"]))
                for item in data["objectives"]
            ),
            search=Search(search.pop("algorithm"), search.pop("seed"), search),
            pruning=Pruning(pruning.pop("algorithm"), pruning),
            training=data.get("training") or {},
            max_parallel=data.get("max_parallel"),
            priority=data.get("priority", 0),
        )


@dataclass(frozen=True)
class Study:
    """A study as it stands.

    ``revision`` grows with every change, ``ended_revision`` is the one at which a trial last ended; ``next_number`` is
    the count of its trials.
    """

    id: int
    name: str
    state: StudyState
    created_at: float
    spec_json: Mapping[str, Any]
    spec: Spec
    space: Space
    data: Mapping[str, Any] | None
    """The data set as the catalogue had it when the study was opened; None for external studies."""
    budget: Budget
    next_number: int
    revision: int
    ended_revision: int
    reason: str | None = None
    preflight: Mapping[str, Any] | None = None

    @property
    def budget_spent(self) -> bool:
        return self.next_number >= self.budget.trials

    def out_of_time(self, at: float) -> bool:
        """Whether the time budget has run out at this moment (seconds since the epoch)."""
        return self.budget.seconds is not None and at - self.created_at >= self.budget.seconds
