"""Which studies use a data set or a search space, whatever state they are in."""

from typing import Literal

from sqlalchemy import Connection, func, select

from tuner_service.storage.tables import studies

Used = Literal["dataset", "search_space"]


def counts(connection: Connection, what: Used) -> dict[str, int]:
    """How many studies use each, by its name."""
    column = studies.c[what]
    query = (
        select(column.label("used"), func.count().label("times"))
        .where(column.is_not(None))
        .group_by(column)
    )
    return {row.used: row.times for row in connection.execute(query)}


def users(connection: Connection, what: Used, name: str, limit: int) -> list[tuple[str, str]]:
    """Name and state of the newest studies that use it."""
    query = select(studies.c.name, studies.c.state).where(studies.c[what] == name)
    rows = connection.execute(query.order_by(studies.c.id.desc()).limit(limit))
    return [(row.name, row.state) for row in rows]
