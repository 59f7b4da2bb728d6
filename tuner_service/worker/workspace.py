"""The folder that trials leave their files in until they are uploaded."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "tuner-worker-"
LOCK = "lock"


@contextmanager
def workspace(parent: Path | None) -> Iterator[Path]:
    """A new folder in ``parent`` (default: the system's for temporary files), removed at the end.

    Folders that killed workers left there are removed first: a lock that the kernel lets go with its process tells
    them from those in use. Raises OSError.
    """
    base = parent or Path(tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    for left in base.glob(f"{PREFIX}*"):
        _remove_if_left(left)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=base))
    with (made / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Only now under the name that others look for: it was never there without its lock.
        folder = made.rename(base / made.name.replace(".new-", PREFIX))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    try:
        if folder.stat().st_uid != os.getuid():
            return
        with (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return  # in use, or not ours
