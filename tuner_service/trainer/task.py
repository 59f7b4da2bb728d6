"""What a training is told, what it tells, and how it ends."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from tuner_service.trainer.callbacks import EpochReport
from tuner_service.trainer.stopping import StopAt


@dataclass(frozen=True)
class Task:
    """A claimed trial, as the server describes it.

    ``parameters``: those of the search space that are active. ``training``: ``epochs``, ``batch_size``,
    ``max_seconds`` or None, and, under ``early_stopping`` and ``reduce_lr_on_plateau``, Keras's own arguments or None;
    every number is settled. ``objectives``: ``{"metric", "direction"}`` each; the first says which epoch is the best.
    ``data``: the data set's entry in the catalogue. ``preflight``: ``parameters`` and ``training`` of the default
    candidate, where that is asked for.
    """

    study: str
    number: int
    attempt: int
    search_space: str
    dataset: str
    parameters: Mapping[str, int | float | str | bool]
    training: Mapping[str, Any]
    objectives: Sequence[Mapping[str, str]]
    seed: int
    data: Mapping[str, Any] | None = None
    preflight: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Task":
        """What else the message carries is left aside. Raises KeyError."""
        given: dict[str, Any] = {"data": None, "preflight": None, **data}
        return cls(**{field.name: given[field.name] for field in fields(cls)})

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the curve: a checkpoint of another identity is another trial's."""
        settings = ("epochs", "batch_size", "early_stopping", "reduce_lr_on_plateau")
        return {
            "search_space": self.search_space,
            "dataset": self.dataset,
            "parameters": dict(self.parameters),
            "training": {name: self.training.get(name) for name in settings},
            "objective": dict(self.objectives[0]),
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Checkpoints:
    """Where a training goes on, and how often it writes where another could.

    ``resume_from``: the file of a checkpoint, with ``epoch`` whole epochs in it; None to begin at the beginning.
    ``every_seconds``: of training.
    """

    resume_from: Path | None = None
    epoch: int = 0
    every_seconds: float = math.inf


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. ``artifacts`` are names of files in its folder; ``error`` says why it is not completed,
    ``detail`` why it is before its last epoch.

    ``unusable``: the checkpoint is, and nothing was trained. ``machine``: this one cannot go on, another might.
    """

    state: Literal["completed", "failed", "stopped", "unusable", "machine"]
    error: str | None
    model_parameters: int | None
    artifacts: tuple[str, ...]
    detail: str | None = None


@dataclass(frozen=True)
class Hearer:
    """Who hears of a trial while it goes on.

    ``started`` hears the parameter count once the model is built, and whether each batch will be told; ``epoch`` every
    whole epoch, in order; ``preflight`` what the default candidate is, or None and why it cannot be trained;
    ``batch`` that one begins. ``checkpoint``, on a thread of its own, hears that the file of this name lies in the
    trial's folder, with so many epochs in it. ``stop`` is asked before each batch and after each epoch.
    """

    epoch: Callable[[EpochReport], None]
    stop: Callable[[], StopAt | None] = lambda: None
    started: Callable[[int, bool], None] = lambda model_parameters, tells_batches: None
    preflight: Callable[[Mapping[str, Any] | None, str | None], None] = lambda found, error: None
    batch: Callable[[], None] = lambda: None
    checkpoint: Callable[[int, str], None] = lambda epoch, file: None
