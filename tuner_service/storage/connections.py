"""A pool of connections to one database, so many at a time, each set up in the way that this service needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from tuner_service.errors import TunerError
from tuner_service.storage.waiting import WouldWait, held

BUSY_SECONDS = 10
"""How long a request waits for a connection, or for its turn to write."""
FILE_SECONDS = 4
"""How long a statement waits for another process that holds SQLite's file. After both the worker still listens."""
IDLE_SECONDS = 15
"""A server that was stopped in the middle of a transaction holds its locks no longer: well below a lease."""
KEPT_OPEN = 8
# A Postgres that is gone without a word (a cut cable, a vanished host) is given up after about so long, where the
# system would wait for many minutes. The names are libpq's.
_LIBPQ = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


class BadDatabaseUrl(TunerError):
    code = "bad_database_url"

    def __init__(self, why: str) -> None:
        # Never the URL itself: it may hold a password.
        super().__init__(
            f"TUNER_DATABASE_URL: {why}; allowed are sqlite:///FILE and "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters written as %XX"
        )


def parsed(url: str) -> URL:
    """Raises BadDatabaseUrl."""
    try:
        where = make_url(url)
    except ArgumentError as error:
        raise BadDatabaseUrl("it is not the URL of a database") from error
    except ValueError as error:
        raise BadDatabaseUrl("its port is not a number") from error
    if where.get_backend_name() == "sqlite" and where.database in (None, "", ":memory:"):
        raise BadDatabaseUrl("it names no file")
    return where


class Connections:
    """At most ``most`` connections at a time; whoever finds none waits BUSY_SECONDS. Opened when first needed."""

    def __init__(self, url: URL, most: int) -> None:
        kept = min(most, KEPT_OPEN)
        pool: dict[str, Any] = {"pool_size": kept, "max_overflow": most - kept}
        pool["pool_timeout"] = BUSY_SECONDS
        is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _sqlite(url, pool) if is_sqlite else _postgres(url, pool)
        # The pool's own queue cannot be asked without waiting in it.
        self._free = BoundedSemaphore(most)

    @contextmanager
    def connected(self, isolation_level: str | None = None) -> Iterator[Connection]:
        """A connection, given back in the end. Raises WouldWait, Unavailable."""
        with held(self._free, BUSY_SECONDS), self.engine.connect() as connection:
            if isolation_level is not None:
                connection.execution_options(isolation_level=isolation_level)
            try:
                yield connection
            except (TunerError, WouldWait):
                raise
            except BaseException:
                # Not to be used again. Rows that nobody read to their end, kept alive by the traceback, would hold
                # SQLite's old snapshot open: whoever came next would see the past, and could not write.
                connection.invalidate()
                raise

    def close(self) -> None:
        self.engine.dispose()


def _postgres(url: URL, pool: dict[str, Any]) -> Engine:
    # A row lock on the study orders its writers; what they read after it must be the newest.
    given = {name: value for name, value in _LIBPQ.items() if name not in url.query}
    engine = create_engine(url, **pool, connect_args=given, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: object) -> None:
        connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        connection.commit()

    return engine


def _sqlite(url: URL, pool: dict[str, Any]) -> Engine:
    connect_args = {"timeout": FILE_SECONDS, "check_same_thread": False}
    engine = create_engine(url, **pool, connect_args=connect_args, hide_parameters=True)

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
