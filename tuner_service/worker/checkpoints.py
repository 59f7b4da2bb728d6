"""A trial's checkpoints on their way to the server, beside its training."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuner_service.worker.errors import Refused, Unreachable, is_lost
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.process import Answer

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class _Checkpoint:
    file: Path
    epoch: int


class CheckpointUploads:
    """Sends the newest checkpoint, and the log up to then, in a thread of its own.

    One that waits is replaced by a newer one. Each file is removed as soon as it is of no use here. That the trial is
    lost goes to ``tell``; any other refusal costs that checkpoint alone.
    """

    def __init__(
        self, trial: HeldTrial, printed: Callable[[], Sequence[str]], tell: Callable[[Answer], None]
    ) -> None:
        self._trial = trial
        self._printed = printed
        self._tell = tell
        self._dropped = threading.Event()
        self._sending = trial.until(self._dropped)
        self._changed = threading.Condition()
        self._waiting: _Checkpoint | None = None
        self._thread: threading.Thread | None = None

    def add(self, file: Path, epoch: int) -> None:
        """Send this one as soon as the one under way is up."""
        with self._changed:
            if self._waiting is not None:
                self._waiting.file.unlink(missing_ok=True)
            self._waiting = _Checkpoint(file, epoch)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._send_all, name=f"checkpoints {self._trial}", daemon=True
                )
                self._thread.start()

    def finish(self, over: threading.Event) -> None:
        """Wait until the newest one is up, or until this event."""
        while not over.is_set():
            with self._changed:
                if self._thread is None:
                    return
                self._changed.wait(LOOK_SECONDS)

    def drop(self) -> None:
        """Forget those that are not up yet, also in the middle of a file."""
        self._dropped.set()

    def _send_all(self) -> None:
        try:
            while (checkpoint := self._next()) is not None:
                self._send(checkpoint)
        finally:
            with self._changed:
                self._done()

    def _next(self) -> _Checkpoint | None:
        with self._changed:
            checkpoint, self._waiting = self._waiting, None
            if checkpoint is None or self._dropped.is_set():
                # In one with the look: what is added from now on gets another thread.
                self._done()
                return None
            return checkpoint

    def _done(self) -> None:
        if self._thread is threading.current_thread():
            self._thread = None
            self._changed.notify_all()

    def _send(self, checkpoint: _Checkpoint) -> None:
        try:
            try:
                self._sending.upload_checkpoint(checkpoint.file, checkpoint.epoch)
            finally:
                checkpoint.file.unlink(missing_ok=True)
            log.info("trial %s: checkpoint of %d epochs uploaded", self._trial, checkpoint.epoch)
            self._sending.upload_log(self._printed())
        except Unreachable:
            return
        except Refused as refusal:
            if is_lost(refusal):
                self._tell(Answer(self._trial, refusal))
                return
            log.warning(
                "trial %s: the checkpoint of %d epochs was not taken: %s",
                self._trial,
                checkpoint.epoch,
                refusal,
            )
        except FileNotFoundError:
            # It waited so long that the process made room for newer ones; the last of them is sent as well.
            log.info("trial %s: the checkpoint of %d epochs is gone", self._trial, checkpoint.epoch)
        except OSError as error:
            log.warning("trial %s: a checkpoint could not be sent: %s", self._trial, error)
