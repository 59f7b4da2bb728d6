"""Writes checkpoints off the training path."""

import threading
from collections.abc import Callable
from pathlib import Path

from tuner_service.trainer.checkpoint import Checkpoint, write


class CheckpointWriter:
    """A thread that writes the newest checkpoint it was given to ``folder``, and then tells of it.

    ``told`` hears, on that thread, how many epochs are in the file and its name. A checkpoint that still waits when
    the next one comes is dropped. What went wrong in the thread is raised where the next one is given, or in ``flush``.
    """

    def __init__(self, folder: Path, told: Callable[[int, str], None]) -> None:
        self.folder = folder
        self.told = told
        self._changed = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._writing = False
        self._closed = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def give(self, checkpoint: Checkpoint) -> None:
        """Returns at once. Raises OSError if an earlier one could not be written."""
        with self._changed:
            self._raise_error()
            self._waiting = checkpoint
            if self._thread is None:  # most trials end before their first one
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all that was given is written and told. Raises OSError if it could not be."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is None and not self._writing)
            self._raise_error()

    def close(self) -> None:
        """Drop what waits, and end the thread."""
        with self._changed:
            self._waiting = None
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (checkpoint := self._next()) is not None:
            try:
                self.told(checkpoint.epoch, write(checkpoint, self.folder))
            except Exception as error:  # the training's thread is the one to hear of it
                self._error = error
            del checkpoint  # as large as the model, several times
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _next(self) -> Checkpoint | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            checkpoint, self._waiting = self._waiting, None
            self._writing = checkpoint is not None
            return checkpoint
