"""One server a home: the lock that the system takes back however its holder dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuner_service.cli.failure import UserError

LOCK_FILE = "server.lock"


class HomeTaken(UserError):
    """A server runs on this home already."""


@contextmanager
def occupied(home: Path) -> Iterator[None]:
    """Hold a home, made if need be. Raises HomeTaken if another server holds it."""
    from tuner_service.home import find_server

    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UserError(f"cannot use the folder {home}: {error.strerror}") from error
    try:
        if not _lock(descriptor):
            server = find_server(home)
            where = f" at {server.url} (process {server.pid})" if server else ""
            raise HomeTaken(
                f"a server runs on the home {home} already{where}; "
                "stop it, or give this one another folder with --home"
            )
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock: there the port alone keeps two servers apart
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
