"""What a disk that cannot take a file means to whoever sends one, and the room that files leave to the database."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuner_service.errors import StorageFull, Unavailable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""No space left, over the quota, over the largest size of a file. Windows too maps its own errors to the first."""
SPARE_BYTES = 32 * 1024**2
"""Files leave so much of a disk to a database on it: some hundred thousand epochs, while somebody makes room."""


def shared_with(folder: str | Path, database: Path | None) -> Path | None:
    """The folder if SQLite's file lies on the same disk, where files must leave room; else None."""
    try:
        same = database is not None and Path(folder).stat().st_dev == database.stat().st_dev
    except OSError:
        return None
    return Path(folder) if same else None


def leave_some(shared: Path | None, size: int) -> None:
    """Raises StorageFull if ``size`` more bytes would take the database's room."""
    if shared is not None and shutil.disk_usage(shared).free - size < SPARE_BYTES:
        raise StorageFull("the disk is nearly full, and the database is on it; make room")


@contextmanager
def cannot_take(taker: str) -> Iterator[None]:
    """Turn an OSError into StorageFull where there is no room, else into Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(f"{taker} is full; make room, or try again later") from error
        raise Unavailable(f"{taker} cannot take the file", code="store_unavailable") from error


def unreadable() -> Unavailable:
    return Unavailable("the artifact store cannot be read", code="store_unavailable")
