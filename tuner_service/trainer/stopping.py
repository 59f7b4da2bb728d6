"""When a training ends before its time: somebody asks, or its seconds are over."""

from collections.abc import Callable
from typing import Literal

import keras

from tuner_service.trainer.callbacks import Logs, TrialFailed

StopAt = Literal["epoch", "batch", "drop"]
"""After the epoch that runs, before the next batch, or there and with nobody to go on: without a checkpoint."""


class Stopped(Exception):
    """Somebody asked the trial to stop."""


class OutOfTime(TrialFailed):
    """Its epochs until then count; the message is for a trial that has none."""

    def __init__(self, limit_seconds: float) -> None:
        self.limit = f"training.max_seconds ({limit_seconds:g} s) passed"
        super().__init__(f"{self.limit} before an epoch was done")

    def after(self, epoch: int) -> str:
        """The sentence for a trial whose last whole epoch was this one."""
        return f"{self.limit} after epoch {epoch}"


class Stopwatch:
    """The seconds that a trial has trained, those of the attempts before it (``seconds_before``) among them."""

    def __init__(
        self, clock: Callable[[], float], seconds_before: float, limit_seconds: float | None
    ) -> None:
        self.clock = clock
        self.limit_seconds = limit_seconds
        self._started = clock() - seconds_before

    def seconds(self) -> float:
        return self.clock() - self._started

    def check(self) -> None:
        """Raises OutOfTime."""
        if self.limit_seconds is not None and self.seconds() > self.limit_seconds:
            raise OutOfTime(self.limit_seconds)


class StopBetweenBatches(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Tells that a batch begins, of training or of validation, or raises Stopped or OutOfTime out of ``fit`` instead.

    Only at the beginning of a batch: a hook at its end would have Keras wait for the device after every batch.
    """

    def __init__(
        self, stop: Callable[[], StopAt | None], watch: Stopwatch, told: Callable[[], None]
    ) -> None:
        super().__init__()
        self.stop = stop
        self.watch = watch
        self.told = told

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.told()
        if self.stop() in ("batch", "drop"):
            raise Stopped
        self.watch.check()

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_train_batch_begin(batch)


class StopAfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Goes last: raises Stopped or OutOfTime, unless training ends with this epoch anyway.

    ``epochs``: how many there are to be; None where that is for a ``fit`` of the user's own to say.
    """

    def __init__(
        self, stop: Callable[[], StopAt | None], watch: Stopwatch, epochs: int | None
    ) -> None:
        super().__init__()
        self.stop = stop
        self.watch = watch
        self.epochs = epochs
        self._asked: tuple[int, bool] | None = None

    def asked(self, epoch: int) -> bool:
        """Whether somebody wants a stop at this epoch's end: the same for all who ask."""
        if self._asked is None or self._asked[0] != epoch:
            self._asked = epoch, self.stop() is not None
        return self._asked[1]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.epochs is not None and ends_with(epoch, self.model, self.epochs):
            return
        if self.asked(epoch):
            raise Stopped
        self.watch.check()


def ends_with(epoch: int, model: keras.Model, epochs: int) -> bool:
    """Whether this is the last epoch. Asked after those who may stop the training."""
    return bool(model.stop_training) or epoch + 1 >= epochs


def stopped_early(early: keras.callbacks.EarlyStopping, last_epoch: int | None) -> str | None:
    """The sentence for a training that ``early`` ended with this epoch; None if it went on to its end.

    A loop of the user's own may pass over its wish; then ``wait`` is longer than its patience.
    """
    if not last_epoch or early.stopped_epoch != last_epoch:  # Keras never stops after the first
        return None
    if last_epoch + 1 >= early.params["epochs"] or early.wait > max(1, early.patience):
        return None
    least = f" by {abs(early.min_delta):g}" if early.min_delta else ""
    beyond = "" if early.baseline is None else f" beyond {early.baseline:g}"
    epochs = "1 epoch" if early.wait == 1 else f"{early.wait} epochs"
    why = f"{early.monitor} had not improved{least}{beyond} for {epochs}"
    return f"stopped early after epoch {last_epoch}: {why}"
