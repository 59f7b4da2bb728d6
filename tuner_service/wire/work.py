"""What workers say of the trials that they hold, and what they are answered."""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from tuner_service.domain.study import Executor
from tuner_service.domain.trial import Verdict
from tuner_service.wire.base import Body, Name, Ordinal, Reply, Text, Value
from tuner_service.wire.spaces import DatasetEntry
from tuner_service.wire.studies import Objective, Preflight


class ClaimRequest(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"worker": "gpu-node-1", "key": "5f0c…", "study": None, "wait_seconds": 20}
            ]
        },
    )

    worker: Name
    key: Text = Field(min_length=1, max_length=200)
    study: str | None = None
    wait_seconds: float = Field(default=0, ge=0, le=60, allow_inf_nan=False)


class Resume(Reply):
    """``checkpoint``: an artifact of the trial; ``epoch``: how many epochs are in it, and so the next one to report."""

    epoch: int
    checkpoint: str
    sha256: str


class PreflightOrder(Reply):
    """Build the default candidate before the trial, and tell what it is: these are its parameters and settings."""

    parameters: dict[str, Value]
    training: dict[str, Any]


class ClaimReply(Reply):
    study: str
    number: int
    attempt: int
    parameters: dict[str, Value]
    training: dict[str, Any]
    lease_seconds: float
    resume: Resume | None
    executor: Executor
    search_space: str | None
    dataset: str | None
    objectives: list[Objective]
    seed: int
    data: DatasetEntry | None = None
    preflight: PreflightOrder | None = None
    checkpoint_seconds: float = 60.0


class EpochReport(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attempt": 1,
                    "epoch": 0,
                    "metrics": {"loss": 1.9, "val_loss": 1.7, "val_accuracy": 0.41},
                }
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    epoch: Ordinal
    metrics: dict[str, float | None] = Field(min_length=1, max_length=1000)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    model_parameters: int | None = Field(default=None, ge=0, lt=2**62)


class PreflightReport(Body):
    """What came of the default candidate: ``preflight``, or the ``error`` why it cannot be trained on this data."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attempt": 1,
                    "preflight": {
                        "parameters": 3466,
                        "memory_bytes": 94000,
                        "metrics": ["accuracy", "loss", "val_accuracy", "val_loss"],
                        "layers": [
                            {
                                "name": "dense",
                                "type": "Dense",
                                "output_shape": [32],
                                "parameters": 2080,
                            }
                        ],
                    },
                }
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    preflight: Preflight | None = None
    error: str | None = Field(default=None, max_length=20_000)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.preflight is None and self.error is None:
            raise ValueError('give "preflight", or "error" with the reason why there is none')
        return self


class Heartbeat(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"attempt": 1}]})

    attempt: Ordinal = Field(ge=1)


class Release(Body):
    """With ``error`` the attempt died from outside, and counts; its last words are in there."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"attempt": 1},
                {"attempt": 1, "error": "the training process ended by signal 9 (Killed)"},
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    error: str | None = Field(default=None, max_length=20_000)


class FallBack(Body):
    """A checkpoint that cannot be used, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attempt": 2,
                    "checkpoint": "checkpoint-8",
                    "error": "its sha-256 is 9f86…, that of the upload was 2c26…",
                }
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    checkpoint: Name
    error: str = Field(min_length=1, max_length=20_000)


class FallBackReply(Reply):
    """Where the trial goes on instead; null: at its beginning."""

    resume: Resume | None


class Finish(Body):
    """``values``: by metric, or a list in the order of the objectives.

    ``detail``: why a completed trial ended when it did, as its history is to tell it; the first line counts.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"attempt": 1, "state": "completed", "values": {"val_accuracy": 0.97}},
                {
                    "attempt": 1,
                    "state": "completed",
                    "detail": "stopped early after epoch 12: val_loss had not improved for 5 epochs",
                },
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    state: Literal["completed", "failed"]
    error: str | None = Field(default=None, max_length=20_000)
    values: dict[str, float | None] | list[float | None] | float | None = None
    model_parameters: int | None = Field(default=None, ge=0, lt=2**62)
    detail: str | None = Field(default=None, max_length=20_000)


class VerdictReply(Reply):
    verdict: Verdict
