"""Trials: what is told of one."""

from datetime import datetime

from tuner_service.domain.trial import Origin, TrialState
from tuner_service.wire.base import Reply, Value
from tuner_service.wire.replays import SuggestionReply


class EpochReply(Reply):
    epoch: int
    metrics: dict[str, float | None]
    seconds: float | None


class HistoryLine(Reply):
    at: datetime
    what: str
    worker: str | None
    attempt: int
    detail: str | None
    epochs: list[EpochReply] | None = None
    """Those that were rolled back, because no checkpoint had them."""


class TrialReply(Reply):
    study: str
    number: int
    state: TrialState
    origin: Origin
    attempt: int
    worker: str | None
    parameters: dict[str, Value]
    values: dict[str, float] | None
    best_epoch: int | None
    epochs: int
    model_parameters: int | None
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    error: str | None
    history: list[HistoryLine] | None = None
    suggestion: SuggestionReply | None = None


class ArtifactReply(Reply):
    name: str
    size: int
    sha256: str
    created_at: datetime
    checkpoint: int | None = None
    """Of a checkpoint: how many epochs are in it."""
