"""A Postgres of the tests' own: the binaries on the machine, a fresh cluster in a temporary folder, a free port."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

GIVEN = "TUNER_TEST_DATABASE_URL"
UNPRIVILEGED = ("postgres", "nobody")
UNSAFE = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""Nothing of it outlives the tests, so nothing has to reach the disk."""


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
    owned = ["-U", "tuner", "-A", "trust", "-E", "UTF8", "--no-sync"]
    _run([*as_user, folder / "initdb", "-D", data, *owned])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", *UNSAFE]
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


@contextmanager
def database_of(cluster: str) -> Iterator[str]:
    """A new database; its URL."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(f"{cluster}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{cluster}/{name}"
    with psycopg.connect(f"{cluster}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class LastingDatabase:
    """One test after the other has it to itself: to empty it takes a tenth of what a new one takes."""

    def __init__(self, url: str) -> None:
        self.url = url
        tables = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'"
        with psycopg.connect(url) as admin:
            self._rows = {
                table: admin.execute(f"SELECT * FROM {table}").fetchall()
                for (table,) in admin.execute(tables).fetchall()
            }

    def empty(self) -> None:
        """Nobody is connected any more, and in the tables is what was there first."""
        with psycopg.connect(self.url) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            admin.execute(f"TRUNCATE {', '.join(self._rows)} RESTART IDENTITY")
            for table, rows in self._rows.items():
                for row in rows:
                    places = ", ".join(["%s"] * len(row))
                    admin.execute(f"INSERT INTO {table} VALUES ({places})", row)


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
