"""What workers told of their load, on the database's clock: for an hour, and seldom enough that it stays little."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, literal, select

from tuner_service.storage.clock import now
from tuner_service.storage.tables import loads

KEPT_SECONDS = 3600.0
APART_SECONDS = 10.0
"""What is told sooner after the last is not kept: a worker that registers all the time fills nothing."""

_WORKER = bindparam("by_worker", type_=loads.c.worker.type)
_JUST_NOW = exists().where(loads.c.at > now() - APART_SECONDS, loads.c.worker == _WORKER)
_ADD = insert(loads).from_select(
    ["at", "worker", "body"],
    select(now(), _WORKER, bindparam("new_body", type_=loads.c.body.type)).where(~_JUST_NOW),
)


def add(connection: Connection, worker: str, body: Mapping[str, Any]) -> None:
    connection.execute(_ADD, {"by_worker": worker, "new_body": dict(body)})


def after(connection: Connection, at: float) -> list[tuple[float, str, Mapping[str, Any]]]:
    """Time, worker and what it told, of the last hour, after a moment in seconds since the epoch; oldest first."""
    query = select(loads).where(loads.c.at > literal(at), loads.c.at > now() - KEPT_SECONDS)
    return [
        (row.at, row.worker, row.body) for row in connection.execute(query.order_by(loads.c.at))
    ]


def forget_older(connection: Connection) -> None:
    connection.execute(delete(loads).where(loads.c.at < now() - KEPT_SECONDS))
