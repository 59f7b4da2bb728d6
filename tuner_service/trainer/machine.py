"""When a failure is this machine's, and not the trial's: another might train it."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FULL_BYTES = 16 * 1024**2
"""A disk with less room counts as full."""

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class MachineFault(Exception):
    """The disk failed this process itself; the message says how."""


@contextlib.contextmanager
def own_write() -> Iterator[None]:
    """Around what this process itself writes: that there is no room for it is no fault of the model's.

    Raises MachineFault.
    """
    try:
        yield
    except Exception as error:
        if not _tells_of_no_space(error):
            raise
        raise MachineFault(f"{type(error).__name__}: {error}") from error


def is_machines_fault(error: BaseException | None, folder: Path) -> bool:
    """Whether one of ours could not be written, or somebody's while the disk of ``folder`` is full.

    A model may find no room elsewhere, such as in /dev/shm, by its own doing. Also where another error came of that.
    """
    while error is not None:
        if isinstance(error, MachineFault):
            return True
        if _tells_of_no_space(error) and _is_full(folder):
            return True
        error = error.__cause__ or error.__context__
    return False


def _tells_of_no_space(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    # HDF5 and TensorFlow have only the system's words for it.
    return any(os.strerror(number) in str(error) for number in NO_SPACE)


def _is_full(folder: Path) -> bool:
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free < FULL_BYTES
