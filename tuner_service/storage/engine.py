"""Connections and transactions: a reading one, and a writing one that holds the write lock from its start."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

from tuner_service.errors import Unavailable

BUSY_SECONDS = 10
"""How long a statement waits for SQLite's write lock, or a request for a connection."""


class Database:
    """One database: ``read()`` and ``write()`` open transactions; nothing is committed if the block raises."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer at a time; waiting here is fair and wakes at once, where its own busy handler sleeps.
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with (
            _translated(),
            self._writer,
            self.engine.connect() as connection,
            connection.execution_options(tuner_write=True).begin(),
        ):
            yield connection

    def ping(self) -> None:
        """Raises Unavailable if the database does not answer."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise Unavailable("the database is busy; try again later", code="database_busy") from error
    except OperationalError as error:
        raise Unavailable("the database cannot be reached", code="database_unavailable") from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise Unavailable("the database cannot be reached", code="database_unavailable") from error


def _engine(url: str) -> Engine:
    options: dict[str, Any] = {"pool_size": 8, "max_overflow": 40, "pool_timeout": BUSY_SECONDS}
    if not url.startswith("sqlite"):
        # A row lock on the study orders its writers; what they read after it must be the newest.
        return create_engine(
            url,
            **options,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
        )
    options["connect_args"] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, **options, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        # NORMAL survives the death of any process; only a power cut can lose the newest commits, never break the file.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("tuner_write")
        # Straight to the driver: this runs in every request.
        connection.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
