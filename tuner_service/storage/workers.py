"""The workers and what they taught the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tuner_service.domain.parameter import Value
from tuner_service.domain.study import Study
from tuner_service.domain.trial import TrialState
from tuner_service.storage import studies, tables
from tuner_service.storage.clock import now
from tuner_service.storage.tables import catalogue, trials, workers

THERE_SECONDS = 90
"""A worker that was not heard of for longer is gone; it registers again every 20 s."""


@dataclass(frozen=True)
class Worker:
    """A worker as it registered; times in seconds since the epoch."""

    name: str
    body: Mapping[str, Any]
    registered_at: float
    last_seen: float


@dataclass(frozen=True)
class Held:
    """A running trial as its worker holds it. ``since``: when this attempt was claimed."""

    study: Study
    number: int
    attempt: int
    epochs: int
    parameters: Mapping[str, Value]
    since: float
    lease_expires_at: float


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def put(connection: Connection, name: str, body: Mapping[str, Any]) -> None:
    statement = _insert(connection)(workers).values(
        name=name, body=dict(body), registered_at=now(), last_seen=now()
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[workers.c.name], set_={"body": dict(body), "last_seen": now()}
        )
    )


def get(connection: Connection, name: str) -> Worker | None:
    row = connection.execute(select(workers).where(workers.c.name == name)).one_or_none()
    return None if row is None else Worker(*row)


def page(connection: Connection, *, limit: int, after: str | None = None) -> list[Worker]:
    """By name, those after this one."""
    query = select(workers).order_by(workers.c.name).limit(limit)
    if after is not None:
        query = query.where(workers.c.name > after)
    return [Worker(*row) for row in connection.execute(query)]


def served(connection: Connection, kind: str, besides: str | None = None) -> set[str]:
    """The names of what some worker that is there, other than ``besides``, can serve."""
    query = select(workers.c.name, workers.c.body).where(
        workers.c.last_seen > now() - THERE_SECONDS
    )
    rows = connection.execute(query)
    there = [body for name, body in rows if name != besides and not body.get("stopped")]
    return {entry for body in there for entry in body.get(kind) or ()}


_TRAINING = (
    select(
        trials.c.worker,
        trials.c.number,
        trials.c.attempt,
        trials.c.epochs,
        trials.c.parameters,
        func.coalesce(trials.c.claimed_at, trials.c.started_at),
        trials.c.lease_expires_at,
        *studies.COLUMNS,
    )
    .join(tables.studies)
    .where(trials.c.state == TrialState.RUNNING)
    .order_by(trials.c.id)
)


_TRAINING_OF = _TRAINING.where(trials.c.worker == bindparam("by_worker"))


def training(connection: Connection) -> dict[str, list[Held]]:
    """What each worker is training, by its name."""
    found: dict[str, list[Held]] = {}
    for row in connection.execute(_TRAINING).all():
        found.setdefault(row[0], []).append(_held(connection, row))
    return found


def training_of(connection: Connection, worker: str) -> list[Held]:
    rows = connection.execute(_TRAINING_OF, {"by_worker": worker}).all()
    return [_held(connection, row) for row in rows]


def _held(connection: Connection, row: Sequence[Any]) -> Held:
    return Held(studies.from_row(connection, row[7:]), *row[1:7])


def learn(connection: Connection, kind: str, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Remember search spaces or data sets by name, the newest definition of each."""
    for name, body in sorted(entries.items()):
        statement = _insert(connection)(catalogue).values(
            kind=kind, name=name, body=dict(body), learned_at=now()
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[catalogue.c.kind, catalogue.c.name],
                set_={"body": dict(body), "learned_at": now()},
            )
        )


def forget(connection: Connection, kind: str, name: str) -> None:
    connection.execute(delete(catalogue).where(catalogue.c.kind == kind, catalogue.c.name == name))


def learned(connection: Connection, kind: str) -> dict[str, Mapping[str, Any]]:
    query = select(catalogue.c.name, catalogue.c.body).where(catalogue.c.kind == kind)
    rows = connection.execute(query.order_by(catalogue.c.name))
    return {row.name: row.body for row in rows}
