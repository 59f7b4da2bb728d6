"""What a driver's error means to whoever made the request: try again later, and why.

Sources: sqlite.org/rescode.html; Postgres's manual, appendix A. Codes that are not here are our own mistakes, or are
caught where they are expected.
"""

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, TimeoutError

from tuner_service.errors import Invalid, Problem, TunerError, Unavailable
from tuner_service.storage.waiting import busy

BUSY = "database_busy"
FULL = "database_full"
DAMAGED = "database_damaged"
UNAVAILABLE = "database_unavailable"
_MESSAGES = {
    FULL: "the database's disk is full: nothing can be changed until there is room",
    DAMAGED: "the database is damaged: whoever runs the server must put a backup back",
    UNAVAILABLE: "the database cannot be reached",
}
_SQLITE = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
# By the whole SQLSTATE, else by its class, the first two characters.
_POSTGRES = {
    "53100": FULL,
    "53": BUSY,  # too many connections, out of memory
    "40": BUSY,  # a deadlock, a conflict of transactions
    "55P03": BUSY,  # waited too long for a lock
    "57014": BUSY,  # a statement took too long
    "XX001": DAMAGED,
    "XX002": DAMAGED,
    "XX": UNAVAILABLE,
    "25006": UNAVAILABLE,  # read-only: a standby that is being promoted, say
    "25P03": UNAVAILABLE,  # we were idle for too long in the middle of a transaction
    "25P04": UNAVAILABLE,
    "57": UNAVAILABLE,  # an administrator ends it, it starts or stops
    "58": UNAVAILABLE,  # its disk fails
    "08": UNAVAILABLE,
}


def failure(error: Exception) -> TunerError | None:
    """What to raise for an error of SQLAlchemy or of the driver; None for what is no trouble of the database's."""
    if isinstance(error, TimeoutError):
        return busy()
    if isinstance(error, DataError):
        # Text with a NUL in a path, say, which Postgres cannot even look for.
        return Invalid([Problem((), "a value is none that the database can hold")])
    if isinstance(error, IntegrityError):
        return None
    driver = error.orig if isinstance(error, DBAPIError) else error
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    code = _code(driver) or (UNAVAILABLE if lost or _is_operational(driver) else None)
    if code is None:
        return None
    return busy() if code == BUSY else Unavailable(_MESSAGES[code], code=code)


def _code(driver: BaseException | None) -> str | None:
    if isinstance(driver, sqlite3.Error):
        extended: int | None = getattr(driver, "sqlite_errorcode", None)
        return None if extended is None else _SQLITE.get(extended & 0xFF)
    state: str | None = getattr(driver, "sqlstate", None)
    return None if state is None else _POSTGRES.get(state) or _POSTGRES.get(state[:2])


def _is_operational(driver: BaseException | None) -> bool:
    """The DB-API's class for what is not under the programmer's control; InterfaceError is a closed connection."""
    return any(
        kind.__name__ in ("OperationalError", "InterfaceError") for kind in type(driver).mro()
    )


def cause(error: TunerError) -> str:
    """What the driver said, for whoever runs the server."""
    told = error.__cause__
    return str(told.orig if isinstance(told, DBAPIError) else told)
