"""Connections and transactions: a reading one, and a writing one that holds the write lock from its start."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, TimeoutError

from tuner_service.errors import Invalid, Problem, Unavailable

BUSY_SECONDS = 10
"""How long a statement waits for SQLite's write lock, or a request for a connection."""


_may_wait: ContextVar[bool] = ContextVar("may_wait", default=True)


class WouldWait(Exception):
    """Going on would take a while, and whoever asked cannot wait. Nothing has happened."""


@contextmanager
def held(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock. Raises WouldWait if it is not free where waiting is not allowed."""
    if not lock.acquire(blocking=_may_wait.get()):
        raise WouldWait
    try:
        yield
    finally:
        lock.release()


def unhurried() -> None:
    """What comes next takes a while. Raises WouldWait where waiting is not allowed."""
    if not _may_wait.get():
        raise WouldWait


class Database:
    """One database: ``read()`` and ``write()`` open transactions; nothing is committed if the block raises."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._snapshots = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._writer = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """On SQLite one snapshot. On Postgres every statement sees the newest anyway, so it needs no transaction."""
        with _translated(), self._reading.connect() as connection:
            if self.is_sqlite:
                _do(connection, "BEGIN")
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read whose statements all see the database at one moment, on Postgres too."""
        if self.is_sqlite:
            with self.read() as connection:
                yield connection
            return
        with _translated(), self._snapshots.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        # SQLite has one writer at a time; waiting here is fair and wakes at once, where its own busy handler sleeps.
        turn = held(self._writer) if self.is_sqlite else nullcontext()
        with _translated(), turn, self.engine.connect() as connection:
            if self.is_sqlite:
                _begin_immediately(connection)
            yield connection
            connection.commit()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Inside, what would have to wait raises WouldWait instead."""
        token = _may_wait.set(False)
        try:
            yield
        finally:
            _may_wait.reset(token)

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
    except DataError as error:
        # Text with a NUL in a path, say, which Postgres cannot even look for.
        raise Invalid([Problem((), "a value is none that the database can hold")]) from error
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

    return engine


def _do(connection: Connection, statement: str) -> None:
    # By hand, and straight to the driver: a listener for SQLAlchemy's "begin" event would make every statement slower.
    connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]  # it has just connected


def _begin_immediately(connection: Connection) -> None:
    try:
        if _may_wait.get():
            _do(connection, "BEGIN IMMEDIATE")
            return
        _do(connection, "PRAGMA busy_timeout=0")
        try:
            _do(connection, "BEGIN IMMEDIATE")
        finally:
            _do(connection, f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    except sqlite3.OperationalError as error:
        # Another process holds the file's lock.
        unhurried()
        raise Unavailable("the database is busy; try again later", code="database_busy") from error
