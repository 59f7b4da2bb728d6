"""When a server was last able to hear its workers, on the database's clock."""

from sqlalchemy import Connection, insert, select, update

from tuner_service.storage.clock import now
from tuner_service.storage.tables import pulse

_LAST = select(pulse.c.at, now().label("now")).with_for_update()


def beat(connection: Connection) -> tuple[float, float] | None:
    """Note this moment: the one before it and this one, in seconds since the epoch; None for the very first."""
    row = connection.execute(_LAST).one_or_none()
    if row is None:
        connection.execute(insert(pulse).values(id=1, at=now()))
        return None
    connection.execute(update(pulse).values(at=row.now))
    return row.at, row.now
