"""Disks that are full: a small one of its own where mounting is allowed, else a limit on the size of files."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

UNIT = 4096
FILES_LIMIT = 6 * 1024**2
"""More than SQLite's log has by itself, which the limit holds for too."""


@dataclass(frozen=True)
class Disk:
    """``folder`` lies on it; ``too_large``: bytes for which there never is room."""

    folder: Path
    too_large: int
    is_mounted: bool

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> None:
        """Leave no room. Where mounting is not allowed the next growing file fails, whatever its size."""
        if not self.is_mounted:
            _limit(0)
            return
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * UNIT)

    def empty(self) -> None:
        if self.is_mounted:
            self._filler.unlink(missing_ok=True)
        else:
            _limit(FILES_LIMIT)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A folder with room for ``size`` bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    if _mounted(folder, size):
        try:
            yield Disk(folder, size + UNIT, is_mounted=True)
        finally:
            # Lazily: a server that is stopping may still have a file open.
            subprocess.run(["umount", "--lazy", folder], check=True)
        return
    before, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    _limit(FILES_LIMIT)
    try:
        yield Disk(folder, FILES_LIMIT + UNIT, is_mounted=False)
    finally:
        _limit(before)


def _mounted(folder: Path, size: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _limit(size: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
