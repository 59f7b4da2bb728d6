"""Trials in one piece, and the same ones in several, each on a machine of its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from search_spaces.datasets.cache import Cache
from search_spaces.library import Library
from tuner_service.trainer.callbacks import EpochReport
from tuner_service.trainer.fitting import MODEL
from tuner_service.trainer.stopping import StopAt
from tuner_service.trainer.task import Checkpoints, Hearer, Outcome, Task
from tuner_service.trainer.training import train

WAIT_SECONDS = 60.0


class Killed(BaseException):
    """Goes through whatever the training would do in the end, as the end of its process does."""


@dataclass
class Machine:
    """Trains in ``folder``, and keeps what it heard. ``kill_in`` is the epoch whose report never gets out;
    the checkpoint of those before it does.

    ``stop_in``: the stop is asked for when a batch begins and so many epochs were reported.
    """

    folder: Path
    models: tuple[Path, ...] = ()
    kill_in: int | None = None
    stop_in: tuple[int, StopAt] | None = None
    reports: list[EpochReport] = field(default_factory=list)
    checkpoints: dict[int, Path] = field(default_factory=dict)
    stopping: StopAt | None = None
    outcome: Outcome | None = None

    def train(self, task: Task, plan: Checkpoints | None = None, **more: Any) -> Outcome:
        library = Library(self.models, (), Cache(self.folder / "cache", 2**40))
        hearer = Hearer(
            self._epoch,
            stop=lambda: self.stopping,
            batch=self._batch,
            checkpoint=self._checkpoint,
        )
        self.outcome = train(task, self.folder / "trial", hearer, library, None, plan, **more)
        return self.outcome

    @property
    def curve(self) -> list[Mapping[str, float]]:
        return [report.metrics for report in self.reports]

    @property
    def weights(self) -> list[Any]:
        saved = keras.saving.load_model(self.folder / "trial" / MODEL)
        return [weight.numpy() for weight in saved.weights]

    @property
    def log(self) -> bytes:
        return (self.folder / "trial" / "training.csv").read_bytes()

    def _epoch(self, report: EpochReport) -> None:
        if report.epoch == self.kill_in:
            self._wait_for_checkpoint(report.epoch)
            raise Killed
        self.reports.append(report)

    def _wait_for_checkpoint(self, epoch: int) -> None:
        """Another thread writes it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while epoch not in self.checkpoints:
            assert time.monotonic() < deadline, f"no checkpoint of {epoch} epochs"
            time.sleep(0.01)

    def _batch(self) -> None:
        if self.stop_in is not None and len(self.reports) >= self.stop_in[0]:
            self.stopping = self.stop_in[1]

    def _checkpoint(self, epoch: int, file: str) -> None:
        self.checkpoints[epoch] = self.folder / "trial" / file


def same_to_the_bit(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(one, other, strict=True)
    )
