"""Data sets that users uploaded; their files lie in the artifact store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from tuner_service.domain.study import OVER
from tuner_service.storage.clock import now
from tuner_service.storage.tables import datasets, studies


@dataclass(frozen=True)
class Uploaded:
    """``body`` is the catalogue's entry; ``size`` (bytes), ``sha256`` and ``path`` in the store are the file's."""

    name: str
    body: Mapping[str, Any]
    size: int
    sha256: str
    path: str
    created_at: float


def put(
    connection: Connection, name: str, body: Mapping[str, Any], size: int, sha256: str, path: str
) -> None:
    """Make a data set visible, in place of any of this name."""
    connection.execute(delete(datasets).where(datasets.c.name == name))
    connection.execute(
        insert(datasets).values(
            name=name, body=dict(body), size=size, sha256=sha256, path=path, created_at=now()
        )
    )


def get(connection: Connection, name: str) -> Uploaded | None:
    row = connection.execute(select(datasets).where(datasets.c.name == name)).one_or_none()
    return None if row is None else Uploaded(*row)


def hold(connection: Connection, name: str) -> Uploaded | None:
    """The data set of this name, if there is one; until this transaction ends nobody else holds or changes it."""
    # SQLite has one writer anyway. A row's lock would not do: two may want to make the same one.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))
    return get(connection, name)


def bodies(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """The catalogue's entries by name."""
    rows = connection.execute(select(datasets.c.name, datasets.c.body))
    return {row.name: row.body for row in rows}


def remove(connection: Connection, name: str) -> None:
    connection.execute(delete(datasets).where(datasets.c.name == name))


def users(connection: Connection, name: str) -> list[str]:
    """The studies on this data set that are not over."""
    query = select(studies.c.name).where(studies.c.dataset == name, studies.c.state.not_in(OVER))
    return list(connection.scalars(query.order_by(studies.c.id)))
