"""Disks that are full when told: a small tmpfs, or, where mounting is not allowed, a limit on the size of files."""

import os
import resource
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

FILLER = "filler"
TINY = 1024


class Disk(Protocol):
    """``how`` it is done, for the report."""

    how: str

    def fill(self, pids: Iterable[int]) -> None:
        """Let these processes write nothing more here."""

    def free(self, pids: Iterable[int]) -> None: ...

    def close(self) -> None: ...


class SmallDisk:
    """A tmpfs of its own, which a filler takes to the last byte."""

    how = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, pids: Iterable[int]) -> None:
        with (self._folder / FILLER).open("wb") as filler:
            # Until nothing fits: others write meanwhile, and free.
            for size in (1 << 24, 1 << 16, 1 << 12):
                while _extended(filler.fileno(), size):
                    pass

    def free(self, pids: Iterable[int]) -> None:
        (self._folder / FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], check=False)


class SizeLimit:
    """RLIMIT_FSIZE of the processes that write here; the system says EFBIG, not ENOSPC."""

    how = "limit on the size of files"

    def fill(self, pids: Iterable[int]) -> None:
        self._set(pids, TINY)

    def free(self, pids: Iterable[int]) -> None:
        self._set(pids, resource.RLIM_INFINITY)

    def close(self) -> None:
        pass

    def _set(self, pids: Iterable[int], size: int) -> None:
        for pid in pids:
            try:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            except ProcessLookupError:
                continue


def small_disk(folder: Path, megabytes: int) -> Disk:
    """Make the folder a disk of this size, if that is allowed here."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    return SmallDisk(folder) if mounted.returncode == 0 else SizeLimit()


def _extended(descriptor: int, size: int) -> bool:
    try:
        os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, size)
    except OSError:
        return False
    return True
