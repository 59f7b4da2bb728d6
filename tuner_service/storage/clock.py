"""The database's clock, by which leases are measured: a worker's or a server's own may be off."""

from typing import Any

from sqlalchemy import Connection, Double, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class now(FunctionElement[float]):
    """Seconds since the epoch, UTC, on the database's clock at the moment of the statement."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _sqlite(element: now, compiler: Any, **kwargs: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _postgresql(element: now, compiler: Any, **kwargs: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


def moment(connection: Connection) -> float:
    """The database's time, in seconds since the epoch."""
    at: float = connection.execute(select(now())).scalar_one()
    return at
