"""The database as the checks see it: plain SQL beside the service."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.chaos.disk import Disk, small_disk
from tests.chaos.postgres import Cluster

Row = dict[str, Any]
DISK_MEGABYTES = 256


class Database(Protocol):
    """A place for the service's data on a disk of its own."""

    kind: str
    url: str
    disk: Disk

    def query(self, sql: str, **values: Any) -> list[Row]:
        """The rows. Raises DBAPIError while the database is away."""

    def pids(self) -> list[int]:
        """Processes beside the server that write to its disk."""

    def fill(self, server: int) -> None:
        """Let the server's next change need room on its disk, which is full."""

    def recover(self) -> None:
        """Start what a fault has left stopped."""

    def close(self) -> None: ...


class Sqlite:
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.disk = small_disk(folder, DISK_MEGABYTES)
        self.file = folder / "tuner.sqlite3"
        self.url = f"sqlite:///{self.file}"
        self._engine = create_engine(self.url, poolclass=NullPool, connect_args={"timeout": 30})

    def query(self, sql: str, **values: Any) -> list[Row]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of writers, as another program might."""
        connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def pids(self) -> list[int]:
        return []

    def fill(self, server: int) -> None:
        # A log with a length is used from its beginning again, without asking for room.
        with closing(sqlite3.connect(self.file, timeout=5)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.disk.fill([server])

    def recover(self) -> None:
        pass

    def close(self) -> None:
        self._engine.dispose()
        self.disk.close()


class Postgres:
    kind = "postgres"

    def __init__(self, folder: Path) -> None:
        data = folder / "data"
        self.disk = small_disk(data, DISK_MEGABYTES)
        folder.chmod(0o755)
        self.cluster = Cluster(data, folder.parent / "postgres.log")
        self.url = self.cluster.url
        driver = self.url.replace("postgresql://", "postgresql+psycopg://")
        self._engine = create_engine(driver, poolclass=NullPool)
        self.cluster.create()

    def query(self, sql: str, **values: Any) -> list[Row]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    def pids(self) -> list[int]:
        return self.cluster.pids()

    def fill(self, server: int) -> None:
        pids = [server, *self.pids()]
        self.disk.fill(pids)
        # What was set aside before would last for a while.
        self.cluster.use_up_log()
        self.disk.fill(pids)

    def recover(self) -> None:
        self.cluster.recover()

    def close(self) -> None:
        self._engine.dispose()
        self.cluster.close()
        self.disk.close()


def patiently(database: Database, sql: str, **values: Any) -> list[Row]:
    """The rows, once the database answers: it may be starting."""
    deadline = time.monotonic() + 30.0
    while True:
        try:
            return database.query(sql, **values)
        except DBAPIError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def decoded(value: Any) -> Any:
    """A JSON column: text from SQLite, read already from Postgres."""
    return json.loads(value) if isinstance(value, str) else value
