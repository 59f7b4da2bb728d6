"""Transactions: a reading one, and a writing one that holds the write lock from its start."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, TimeoutError

from tuner_service.storage import waiting
from tuner_service.storage.connections import BUSY_SECONDS, FILE_SECONDS, Connections, parsed
from tuner_service.storage.failures import failure
from tuner_service.storage.waiting import (
    WouldWait,
    busy,
    has_reserve,
    held,
    in_turn,
    may_wait,
    unhurried,
)

__all__ = ["Database", "WouldWait", "held", "in_turn", "unhurried"]

CONNECTIONS = 48
RESERVE = 8
"""Connections for what is the last to suffer: so many heartbeats and epochs are taken in at a time, whatever else
goes on. They are short; a thousand running trials send about 20 a second."""


class Database:
    """One database: ``read()`` and ``write()`` open transactions; nothing is committed if the block raises.

    Whatever goes wrong with it comes out as Unavailable, and the next transaction may work again.
    """

    def __init__(self, url: str) -> None:
        where = parsed(url)
        self.is_sqlite = where.get_backend_name() == "sqlite"
        self.file = Path(where.database) if self.is_sqlite and where.database else None
        self._common = Connections(where, CONNECTIONS)
        self._reserve = Connections(where, RESERVE)
        driver = self._common.engine.dialect.loaded_dbapi
        # SQLAlchemy does not wrap what happens while a connection is set up, nor what we ask the driver for ourselves.
        self._errors = (DBAPIError, TimeoutError, driver.Error)
        self._queue, self._writer = threading.Lock(), threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """On SQLite one snapshot. On Postgres every statement sees the newest anyway, so it needs no transaction."""
        level = None if self.is_sqlite else "AUTOCOMMIT"
        with self._translated(), self._connected(level) as connection:
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
        with self._translated(), self._connected("REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        # The connection first: a writer that waited for one in its turn would keep all others waiting too.
        with self._translated(), self._connected() as connection, self._turn():
            if self.is_sqlite:
                _begin_immediately(connection)
            yield connection
            connection.commit()

    def without_waiting(self) -> AbstractContextManager[None]:
        """Inside, what would have to wait raises WouldWait instead."""
        return waiting.without_waiting()

    def reserved(self) -> AbstractContextManager[None]:
        """Inside, connections come from the reserve, and on SQLite writers go before all others."""
        return waiting.reserved()

    def ping(self) -> None:
        """Raises Unavailable if the database does not answer."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self._common.close()
        self._reserve.close()

    def _connected(self, level: str | None = None) -> AbstractContextManager[Connection]:
        pool = self._reserve if has_reserve() else self._common
        return pool.connected(level)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer at a time. Waiting here is fair and wakes at once, where its own busy handler sleeps.

        All but the reserved wait in a queue first, so that only one of them stands at the door at a time.
        """
        if not self.is_sqlite:
            yield
            return
        queued = nullcontext() if has_reserve() else held(self._queue, BUSY_SECONDS)
        with queued, held(self._writer, BUSY_SECONDS):
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            if (told := failure(error)) is None:
                raise
            raise told from error


def _do(connection: Connection, statement: str) -> None:
    # By hand, and straight to the driver: a listener for SQLAlchemy's "begin" event would make every statement slower.
    connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]  # it has just connected


def _begin_immediately(connection: Connection) -> None:
    try:
        if may_wait():
            _do(connection, "BEGIN IMMEDIATE")
            return
        _do(connection, "PRAGMA busy_timeout=0")
        try:
            _do(connection, "BEGIN IMMEDIATE")
        finally:
            _do(connection, f"PRAGMA busy_timeout={FILE_SECONDS * 1000}")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        # Another process holds the file's lock.
        unhurried()
        raise busy() from error
