"""When a server was last able to hear its workers, on the database's clock."""

from sqlalchemy import Connection, select, update

from tuner_service.storage.clock import now
from tuner_service.storage.tables import pulse

_LAST = select(pulse.c.at, now().label("now")).with_for_update()


def beat(connection: Connection) -> tuple[float, float]:
    """Note this moment: the one before it, 0 if there was none, and this one, in seconds since the epoch."""
    row = connection.execute(_LAST).one()
    connection.execute(update(pulse).values(at=row.now))
    return row.at, row.now
