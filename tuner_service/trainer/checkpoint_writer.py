"""Writes checkpoints off the training path."""

import threading
from collections.abc import Callable
from pathlib import Path

from tuner_service.trainer.checkpoint import Checkpoint, write

KEPT = 2
"""As many as the server keeps: more would fill the disk while it cannot be reached."""


class CheckpointWriter:
    """A thread that writes the newest checkpoint it was given to ``folder``, and then tells of it.

    ``told`` hears, on that thread, how many epochs are in the file and its name. A checkpoint that still waits when
    the next one comes is dropped, and so are files but for the newest two. What went wrong in the thread is raised
    where the next one is given, or in ``flush``.
    """

    def __init__(self, folder: Path, told: Callable[[int, str], None]) -> None:
        self.folder = folder
        self.told = told
        self._changed = threading.Condition()
        self._waiting: Checkpoint | None = None
        self._writing = False
        self._closed = False
        self._written: list[Path] = []
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        with self._changed:
            return self._writing or self._waiting is not None

    def give(self, checkpoint: Checkpoint) -> None:
        """Returns at once. Raises MachineFault or OSError if an earlier one could not be written."""
        with self._changed:
            self._raise_error()
            self._waiting = checkpoint
            if self._thread is None:  # most trials end before their first one
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all that was given is written and told. Raises MachineFault or OSError if it could not be."""
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
                self._make_room()
                name = write(checkpoint, self.folder)
                self._written.append(self.folder / name)
                self.told(checkpoint.epoch, name)
            except Exception as error:  # the training's thread is the one to hear of it
                self._error = error
            del checkpoint  # as large as the model, several times
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _make_room(self) -> None:
        while len(self._written) >= KEPT:
            self._written.pop(0).unlink(missing_ok=True)  # where it was uploaded it is gone already

    def _next(self) -> Checkpoint | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            checkpoint, self._waiting = self._waiting, None
            self._writing = checkpoint is not None
            return checkpoint
