"""Studies: the request, and what is told of one."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from tuner_service.domain.study import Direction, Executor, StudyState
from tuner_service.wire.base import Body, Reply, StudyName, Text, Value
from tuner_service.wire.spaces import Inline, Override
from tuner_service.wire.training import Pruning, Search, Training


class Objective(Body):
    metric: Text = Field(min_length=1, max_length=200, examples=["val_accuracy"])
    direction: Direction


class Budget(Body):
    trials: int | None = Field(default=None, ge=1, le=1_000_000, strict=True)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


EXAMPLE_STUDY: dict[str, Any] = {
    "name": "digits-separable",
    "search_space": "separable_convnet",
    "dataset": "digits",
    "overrides": {"learning_rate": {"min": 1e-4, "max": 1e-2}, "batch_norm": {"value": True}},
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "bayesian", "seed": 7},
    "pruning": {"algorithm": "median", "warmup_epochs": 3},
    "training": {
        "epochs": 30,
        "batch_size": 64,
        "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
        "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
    },
    "budget": {"trials": 40, "seconds": None},
    "max_parallel": 8,
    "priority": 0,
}


class StudyRequest(Body):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE_STUDY]}
    )

    name: StudyName | None = None
    executor: Executor = Executor.KERAS
    search_space: str | Inline
    dataset: str | None = None
    overrides: dict[str, Override] = {}
    objectives: list[Objective] | None = Field(default=None, min_length=1, max_length=8)
    search: Search = Search()
    pruning: Pruning = Pruning()
    training: Training | None = None
    budget: Budget = Budget()
    max_parallel: int | None = Field(default=None, ge=1, le=1_000_000, strict=True)
    priority: int = Field(default=0, ge=-1000, le=1000, strict=True)


class Extension(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"trials": 20}]})

    trials: int = Field(ge=1, le=1_000_000, strict=True)


class Candidate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parameters": {"learning_rate": 0.001}}]}
    )

    parameters: dict[str, Value]
    extend: bool = False
    """Whether a budget that is spent grows by one for it; a completed study runs again."""


class SpaceReply(Reply):
    parameters: list[dict[str, Any]]
    digest: str


class Progress(Reply):
    budget: int
    queued: int
    running: int
    completed: int
    pruned: int
    failed: int
    cancelled: int


class Best(Reply):
    trial: int
    values: dict[str, float]
    parameters: dict[str, Value]


class LayerShape(Body):
    name: Text
    type: Text
    output_shape: list[int | None] | list[list[int | None]] | None
    parameters: int


class Preflight(Body):
    """The default candidate, built once: trainable and other ``parameters``, an estimate of its training's memory."""

    parameters: int = Field(ge=0, lt=2**62)
    memory_bytes: int = Field(ge=0, lt=2**62)
    metrics: list[Text] = Field(max_length=1000)
    layers: list[LayerShape] = Field(max_length=10_000)


class StudyReply(Reply):
    """``spec`` is the request with every default filled in."""

    name: str
    state: StudyState
    created_at: datetime
    spec: dict[str, Any]
    space: SpaceReply
    progress: Progress
    best: Best | None
    reason: str | None = None
    preflight: Preflight | None = None
    pareto_front: list[Best] | None = None


class Importance(Reply):
    metric: str
    importance: dict[str, float]
