"""Keras callbacks of a trial: what it draws by chance, what it reports, which weights it keeps."""

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

from tuner_service.trainer.chance import set_epochs_seed
from tuner_service.trainer.machine import own_write

Logs = dict[str, float]


class TrialFailed(Exception):
    """The trial must end as failed, for the reason in the message."""


class UnknownMetric(TrialFailed):
    def __init__(self, name: str, reported: Collection[str]) -> None:
        super().__init__(
            f'unknown metric "{name}"; this model reports: {", ".join(sorted(reported))}'
        )


class NotFinite(TrialFailed):
    def __init__(self, metric: str, value: float, epoch: int) -> None:
        super().__init__(f'metric "{metric}" became {value} in epoch {epoch}')


class FrozenLoss(TrialFailed):
    def __init__(self, loss: float, epochs: int) -> None:
        super().__init__(
            f"the training loss did not move in {epochs} epochs (it stayed at {loss:.6g}): this model cannot learn; "
            "often its last layer has another activation than its loss expects, or no weight is trainable"
        )


@dataclass(frozen=True)
class EpochReport:
    """What a whole epoch gave. ``metrics`` has ``learning_rate`` too; values may be NaN or infinite."""

    epoch: int
    metrics: Mapping[str, float]
    seconds: float


class EpochSeeds(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """What an epoch draws from global generators is of (seed, epoch) alone, like the order of its batches."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        # Not before: Torch draws when it begins to read data, which it does once in a process.
        if batch == 0:
            set_epochs_seed(self.seed, self.epoch)


class Metrics(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Goes first: adds ``learning_rate`` for the callbacks after it, and asks for what they will need.

    The rate is the one that the epoch was trained with, so it is read before anybody reduces it. Raises UnknownMetric
    at the end of the first epoch.
    """

    def __init__(self, needed: Collection[str]) -> None:
        super().__init__()
        self.needed = needed

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        assert logs is not None
        if (optimizer := getattr(self.model, "optimizer", None)) is not None:  # own loops need none
            logs["learning_rate"] = float(keras.ops.convert_to_tensor(optimizer.learning_rate))
        for name in self.needed:
            if name not in logs:
                raise UnknownMetric(name, logs)


class Reporter(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Goes last: prints and reports the epoch, and then raises NotFinite if the loss or an objective is not finite.

    ``last_epoch`` is the last whole one, at the beginning that of an attempt before; None while there is none.
    """

    def __init__(
        self,
        report: Callable[[EpochReport], None],
        objectives: Collection[str],
        last_epoch: int | None = None,
    ) -> None:
        super().__init__()
        self.report = report
        self.last_epoch = last_epoch
        self.finite = ("loss", "val_loss", *objectives)
        # A loop of the user's own may not say when an epoch begins: then it begins when the one before ended.
        self.started = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        assert logs is not None
        metrics = {name: float(value) for name, value in logs.items()}
        seconds = time.perf_counter() - self.started
        shown = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        print(f"epoch {epoch}  {shown}  ({seconds:.2f} s)", flush=True)
        self.report(EpochReport(epoch, metrics, seconds))
        self.last_epoch = epoch
        self.started = time.perf_counter()
        for name in self.finite:
            if not math.isfinite(metrics.get(name, 0.0)):
                raise NotFinite(name, metrics[name], epoch)


class Log(keras.callbacks.CSVLogger):  # type: ignore[misc]  # Keras has no types
    """``training.csv``. Raises MachineFault where there is no room for it."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with own_write():
            super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        with own_write():
            super().on_train_end(logs)


class BestEpoch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Keeps the weights of the epoch that is best by ``monitor``, in memory; ``direction`` as an objective has it.

    An epoch without a number there is never the best. Until there is one, all three are None.
    """

    def __init__(self, monitor: str, direction: str) -> None:
        super().__init__()
        self.monitor = monitor
        self.sign = 1.0 if direction == "maximize" else -1.0
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.best_weights: list[NDArray[Any]] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = float((logs or {}).get(self.monitor, math.nan))
        if math.isnan(value):
            return
        if self.best is None or self.sign * value > self.sign * self.best:
            self.best = value
            self.best_epoch = epoch
            self.best_weights = self.model.get_weights()


class LossMoves(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Raises FrozenLoss when the training loss is the same from the first epoch on.

    Only then: a loss that stands still later has been learned, or its learning rate was reduced to nothing. What counts
    as the same allows for sums that round differently when the examples are shuffled.
    """

    EPOCHS = 4
    TOLERANCE = 1e-6

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or len(self.losses) >= self.EPOCHS:
            return
        self.losses.append(float(loss))
        first = self.losses[0]
        if len(self.losses) < self.EPOCHS or first == 0.0:  # nothing is left to learn at 0
            return
        if all(abs(loss - first) <= self.TOLERANCE * abs(first) for loss in self.losses):
            raise FrozenLoss(first, self.EPOCHS)
