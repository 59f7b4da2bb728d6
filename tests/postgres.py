"""A Postgres of the tests' own: the binaries on the machine, a fresh cluster in a temporary folder, a free port."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

GIVEN = "TUNER_TEST_DATABASE_URL"
UNPRIVILEGED = ("postgres", "nobody")


def binaries() -> Path | None:
    """The folder of the newest initdb and postgres on this machine."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(initdb: Path) -> float:
    return float(initdb.parent.parent.name)


@contextmanager
def cluster() -> Iterator[str]:
    """A running Postgres; its URL, without a database. Fails, never skips, where there is none to be had."""
    if given := os.environ.get(GIVEN):
        yield given.rsplit("/", 1)[0]
        return
    folder = binaries()
    if folder is None:
        pytest.fail(
            f"the tests need Postgres: install Debian's postgresql, or set {GIVEN} "
            "(postgresql://USER:PASSWORD@HOST/DATABASE, whose user may create databases)"
        )
    # Not below pytest's folder: the unprivileged user may not enter that one.
    home = Path(tempfile.mkdtemp(prefix="tuner-postgres-"))
    as_user = _as_unprivileged(home)
    data = home / "data"
    _run([*as_user, folder / "initdb", "-D", data, "-U", "tuner", "-A", "trust", "-E", "UTF8"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
    where = ["-D", str(data), "-p", str(port), "-k", str(home)]
    server = subprocess.Popen(
        [*as_user, str(folder / "postgres"), *where, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _run([folder / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "30"], tries=100)
        yield f"postgresql://tuner@127.0.0.1:{port}"
    finally:
        server.send_signal(
            signal.SIGINT
        )  # Postgres's fast shutdown: it does not wait for clients to leave
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def _as_unprivileged(home: Path) -> list[str]:
    """How to start a program as a user other than root, which Postgres refuses to run as."""
    if os.geteuid() != 0:
        return []
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in UNPRIVILEGED if name in known)
    shutil.chown(home, user)
    return ["setpriv", f"--reuid={user}", "--clear-groups"]


def _run(command: list[str | Path], tries: int = 1) -> None:
    for left in reversed(range(tries)):
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
        if done.returncode == 0:
            return
        if not left:
            pytest.fail(f"{command[0]} failed: {done.stderr.decode()}")
