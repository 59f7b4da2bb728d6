"""A trial: one candidate, its attempts, its epochs, its end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tuner_service.domain.parameter import Value


class TrialState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PRUNED = "pruned"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[TrialState, tuple[TrialState, ...]] = {
    TrialState.QUEUED: (TrialState.RUNNING, TrialState.CANCELLED),
    TrialState.RUNNING: (
        TrialState.QUEUED,
        TrialState.COMPLETED,
        TrialState.PRUNED,
        TrialState.FAILED,
        TrialState.CANCELLED,
    ),
    TrialState.COMPLETED: (),
    TrialState.PRUNED: (),
    TrialState.FAILED: (),
    TrialState.CANCELLED: (),
}
OPEN = (TrialState.QUEUED, TrialState.RUNNING)
FINISHED = tuple(state for state, onward in TRANSITIONS.items() if not onward)


class Origin(StrEnum):
    SEARCH = "search"
    USER = "user"


class Verdict(StrEnum):
    """What a worker is to do next. ``prune`` and ``cancel`` have already ended the trial."""

    CONTINUE = "continue"
    PRUNE = "prune"
    CANCEL = "cancel"
    PAUSE = "pause"


@dataclass(frozen=True)
class Trial:
    """A trial as it stands. Times are seconds since the epoch, on the database's clock."""

    id: int
    study_id: int
    number: int
    state: TrialState
    origin: Origin
    attempt: int
    worker: str | None
    holder: int | None
    """The token that claimed it; None for an administrator's."""
    parameters: Mapping[str, Value]
    values: Mapping[str, float] | None
    value: float | None
    """The first objective at the best epoch; None until one is finite."""
    best_epoch: int | None
    epochs: int
    model_parameters: int | None
    lease_expires_at: float | None
    started_at: float | None
    finished_at: float | None
    error: str | None
    notes: Mapping[str, Any]
    """What its suggestion was made from, and what the sampler noted down."""
    finish_digest: str | None
    ended_revision: int | None
    deaths: int
    """How many of its attempts died: their worker vanished, or their training process did."""
    checkpoint: int | None
    """How many epochs are in the newest checkpoint; None while there is none."""
    claimed_at: float | None
    """When its current attempt began, or the one it ended in; None while it waits for one."""
    seconds_before: float
    """How long the attempts before that one had it."""

    @property
    def seconds(self) -> float | None:
        """How long workers had it, all attempts together; None until it has ended, or if none ever had it."""
        if self.started_at is None or self.finished_at is None:
            return None
        last = 0.0 if self.claimed_at is None else self.finished_at - self.claimed_at
        return self.seconds_before + last


@dataclass(frozen=True)
class Epoch:
    """One epoch's report. A metric that was not finite is None."""

    epoch: int
    metrics: Mapping[str, float | None]
    seconds: float | None = None


@dataclass(frozen=True)
class Happening:
    """One line of a trial's history."""

    at: float
    what: str
    worker: str | None
    attempt: int
    detail: str | None = None
    epochs: tuple[Epoch, ...] = ()
    """Those that were rolled back."""


@dataclass(frozen=True)
class Artifact:
    """A file that a trial left, whole. ``size`` in bytes; ``path`` is its place in the store.

    ``attempt`` sent it. ``checkpoint``: of a checkpoint, how many epochs are in it.
    """

    name: str
    size: int
    sha256: str
    path: str
    created_at: float
    attempt: int | None
    checkpoint: int | None


def finite(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """The metrics with None for what JSON cannot say: NaN and the infinities."""
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in metrics.items()
    }
