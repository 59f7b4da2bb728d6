"""What a machine has fetched and prepared, kept under a size limit and shared by the processes on it."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOCKS = "locks"
MAKING = ".making-"
LOOK_SECONDS = 0.05
"""How often those who wait for an entry look whether it is there."""
RECENT_SECONDS = 600.0
"""What was used a moment ago stays, whatever its size: somebody is about to open it."""


@dataclass(frozen=True)
class Cache:
    """Entries (a file or a folder each) by key, made once whoever asks first.

    What was not used for longest goes when there is more than ``most_bytes``, and with it what killed processes left
    half made. What a process has mapped stays usable to it when it goes.
    """

    folder: Path
    most_bytes: int

    def get(
        self,
        key: str,
        make: Callable[[Path], None],
        *,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> Path:
        """The entry; ``make`` writes it to a path that does not exist yet. Others who ask meanwhile wait.

        ``while_waiting`` is called again and again by those who wait; what it raises ends the wait. Nothing is kept if
        ``make`` raises. A key is a file's name.
        """
        entry = self.folder / key
        with self._locked(key, while_waiting):
            if not entry.exists():
                self._make(entry, make)
            # Used now, on the file system's own clock.
            os.utime(entry)
        self._evict()
        return entry

    def _make(self, entry: Path, make: Callable[[Path], None]) -> None:
        # Under a name of its own: what a killed process was making is never taken for whole.
        around = Path(tempfile.mkdtemp(prefix=f"{MAKING}{entry.name}-", dir=self.folder))
        try:
            make(around / entry.name)
            (around / entry.name).rename(entry)
        finally:
            shutil.rmtree(around, ignore_errors=True)

    @contextmanager
    def _locked(self, key: str, while_waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        locks = self.folder / LOCKS
        locks.mkdir(parents=True, exist_ok=True)
        with (locks / key).open("a") as lock:
            while not _lock(lock):
                while_waiting()
                time.sleep(LOOK_SECONDS)
            yield

    def _evict(self) -> None:
        with self._locked(".evicting"):
            for left in self.folder.glob(f"{MAKING}*"):
                self._remove(left, key=left.name.removeprefix(MAKING).rpartition("-")[0])
            entries = [e for e in self.folder.iterdir() if not e.name.startswith((LOCKS, MAKING))]
            sizes = {entry: _bytes(entry) for entry in entries}
            excess = sum(sizes.values()) - self.most_bytes
            for entry in sorted(entries, key=_idle_seconds, reverse=True):
                if excess > 0 and self._remove(entry, key=entry.name):
                    excess -= sizes[entry]

    def _remove(self, entry: Path, key: str) -> bool:
        """Remove an entry, unless somebody is making it, or has taken it a moment ago."""
        with (self.folder / LOCKS / key).open("a") as lock:
            if not _lock(lock):
                return False
            if entry.name == key and _idle_seconds(entry) < RECENT_SECONDS:
                return False
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
            return True


def _lock(file: IO[str]) -> bool:
    """Whether the lock is ours now; never waits for it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _idle_seconds(entry: Path) -> float:
    try:
        return time.time() - entry.stat().st_mtime
    except FileNotFoundError:  # somebody was done making it
        return 0.0


def _bytes(entry: Path) -> int:
    total = 0
    # Somebody may be removing it at this moment.
    with contextlib.suppress(FileNotFoundError):
        for file in entry.rglob("*") if entry.is_dir() else (entry,):
            total += file.stat().st_size
    return total
