"""A Postgres that can be stopped at once and started again, with its data where one says."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.postgres import UNPRIVILEGED, binaries

START_SECONDS = 60.0
DATABASE = "chaos"
LOG_MEGABYTES = 128


class Cluster:
    """One cluster with one database, on the loopback without a password."""

    def __init__(self, data: Path, log: Path) -> None:
        found = binaries()
        if found is None:
            raise RuntimeError("chaos on Postgres needs its binaries: install Debian's postgresql")
        self._binaries, self._data, self._log = found, data, log
        self._as_user = _as_unprivileged(data)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://tuner@127.0.0.1:{self.port}/{DATABASE}"

    def create(self) -> None:
        initdb = [self._binaries / "initdb", "-D", self._data / "pg", "-U", "tuner", "-A", "trust"]
        subprocess.run(
            [*self._as_user, *map(str, initdb), "-E", "UTF8"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.start()
        with self._admin("postgres") as admin:
            admin.execute(f"CREATE DATABASE {DATABASE}")

    def start(self) -> None:
        """Return when it takes connections. Raises RuntimeError if it does not."""
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *(
                        *self._as_user,
                        str(self._binaries / "postgres"),
                        "-D",
                        str(self._data / "pg"),
                    ),
                    *("-p", str(self.port), "-k", str(self._data)),
                    *(
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        f"max_wal_size={LOG_MEGABYTES // 2}MB",
                    ),
                ],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.runs:
            try:
                self._admin("postgres").close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"Postgres did not start: see {self._log}")

    def recover(self) -> None:
        """Let it take connections again, whether it recovers by itself or has given up. Raises RuntimeError."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.runs:
                self.start()
            try:
                self._admin("postgres").close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError(f"Postgres did not recover: see {self._log}")

    def use_up_log(self) -> None:
        """Write until its log needs a new file. On a full disk that ends every session, or the whole server."""
        try:
            with self._admin(DATABASE) as admin:
                for _ in range(LOG_MEGABYTES):
                    admin.execute(
                        "SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))"
                    )
        except psycopg.OperationalError:
            return

    @property
    def runs(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def stop_at_once(self) -> None:
        """Immediate shutdown: nothing is written, every session is gone; the next start recovers."""
        assert self._server is not None
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)

    def end_sessions(self) -> int:
        """Cut every session of the database; how many there were."""
        with self._admin("postgres") as admin:
            query = (
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
            )
            row = admin.execute(query, (DATABASE,)).fetchone()
        return int(row[0]) if row else 0

    def pids(self) -> list[int]:
        import psutil

        if self._server is None or not self.runs:
            return []
        main = psutil.Process(self._server.pid)
        return [main.pid, *(child.pid for child in main.children(recursive=True))]

    def close(self) -> None:
        if self.runs:
            self.stop_at_once()

    def _admin(self, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
        where = f"postgresql://tuner@127.0.0.1:{self.port}/{database}"
        return psycopg.connect(where, autocommit=True, connect_timeout=5)


def _as_unprivileged(folder: Path) -> list[str]:
    """How to start a program as a user other than root, which Postgres refuses to run as."""
    if os.geteuid() != 0:
        return []
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in UNPRIVILEGED if name in known)
    shutil.chown(folder, user)
    folder.chmod(0o700)
    return ["setpriv", f"--reuid={user}", "--clear-groups"]
