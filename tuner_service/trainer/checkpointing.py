"""When a training's state is copied, and when the copy is written; and going on from one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras

from tuner_service.trainer import snapshot
from tuner_service.trainer.callbacks import Logs
from tuner_service.trainer.checkpoint import Checkpoint, read
from tuner_service.trainer.checkpoint_writer import CheckpointWriter
from tuner_service.trainer.stopping import Stopwatch, ends_with

SHARE = 0.01
"""Of the time since the last copy: what one only for a sudden stop may cost. With the writing, 5 % in all."""


class Checkpointing(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Goes after all that is ``remembering`` something. Goes on from ``start`` once Keras has built all.

    At an epoch's end the state is copied to the host's memory; writing is for the ``writer``. Every ``every_seconds``
    of training a copy is written. Between these one is made after each epoch as long as that is cheap, and kept for a
    stop, which does not come at the end of an epoch; ``stop`` says whether this one is. None is made while another is
    being written, nor after the last epoch, when there is nothing left to go on with.
    ``identity`` is the task's, ``start`` the file of a checkpoint, deleted when it was used, or None, ``log`` what
    CSVLogger writes. Raises Unusable at the beginning, and later MachineFault and OSError.
    """

    def __init__(
        self,
        *,
        identity: Mapping[str, Any],
        epochs: int,
        remembering: snapshot.Callbacks,
        log: Path,
        writer: CheckpointWriter,
        every_seconds: float,
        start: Path | None,
        watch: Stopwatch,
        stop: Callable[[int], bool],
    ) -> None:
        super().__init__()
        self.identity = identity
        self.epochs = epochs
        self.remembering = remembering
        self.log = log
        self.writer = writer
        self.every_seconds = every_seconds
        self.start = start
        self.watch = watch
        self.stop = stop
        self._unwritten: Checkpoint | None = None
        self._written_at = self._copied_at = watch.seconds()
        self._copy_seconds = 0.0
        self._variables = 0
        self._told = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._variables = len(self.model.variables)
        if self.start is not None:
            checkpoint = read(self.start)
            snapshot.restore(checkpoint, self.model, self.remembering)
            self.start.unlink(missing_ok=True)  # room for those to come
            print(f"resumed from epoch {checkpoint.epoch}", flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if ends_with(epoch, self.model, self.epochs) or self._has_grown():
            return
        now = self.watch.seconds()
        due = now - self._written_at >= self.every_seconds
        cheap = self._copy_seconds <= SHARE * (now - self._copied_at) and not self.writer.is_busy
        if not due and not cheap and not self.stop(epoch):
            return
        self._unwritten = self._copied(epoch + 1, now)
        self._copied_at = self.watch.seconds()
        self._copy_seconds = self._copied_at - now
        if due:
            self._written_at = now
            self._give()

    def write_newest(self) -> None:
        """Returns when the newest copy is written and told. Raises MachineFault and OSError."""
        self._give()
        self.writer.flush()

    def _has_grown(self) -> bool:
        """Whether it has variables that came with the first batch: a new model has not got them to go on with."""
        grown = len(self.model.variables) != self._variables
        if grown and not self._told:
            self._told = True
            print("no checkpoints are made: the model made variables in training", flush=True)
        return grown

    def _give(self) -> None:
        if self._unwritten is not None:
            self.writer.give(self._unwritten)
            self._unwritten = None

    def _copied(self, epochs: int, seconds: float) -> Checkpoint:
        self._unwritten = None  # rather than two in memory
        return Checkpoint(
            epoch=epochs,
            seconds=seconds,
            task=self.identity,
            variables=snapshot.variables(self.model),
            best_weights=snapshot.best_weights(self.remembering),
            callbacks=snapshot.inner_states(self.remembering),
            log=self.log.read_bytes().decode(),  # its line ends as they are
        )
