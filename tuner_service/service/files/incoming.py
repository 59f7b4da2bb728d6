"""A data file on its way in: on this machine's disk first, because it is looked into before it is kept."""

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path

from tuner_service.service.files.room import cannot_take, leave_some, shared_with

FOLDER = "incoming"
DISK = "the server's disk"
LEFT_SECONDS = 24 * 3600
"""A file that old was left by a server that was killed; no upload takes so long."""


class Incoming:
    """A temporary file in the home; ``discard`` it in the end, whatever happened. ``size`` in bytes."""

    def __init__(self, home: Path, database: Path | None = None) -> None:
        """Raises StorageFull, Unavailable."""
        folder = home / FOLDER
        with cannot_take(DISK):
            folder.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
        self._shared = shared_with(folder, database)
        self.path = Path(name)
        self.size = 0
        self._file = os.fdopen(descriptor, "wb")
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Raises StorageFull, Unavailable."""
        leave_some(self._shared, len(chunk))
        with cannot_take(DISK):
            self._file.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def close(self) -> None:
        """Everything is written. Raises StorageFull, Unavailable."""
        with cannot_take(DISK):
            self._file.close()

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Remove what killed servers left."""
    if not (home / FOLDER).is_dir():
        return
    for file in (home / FOLDER).iterdir():
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > LEFT_SECONDS:
                file.unlink()
