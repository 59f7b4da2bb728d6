"""Previews of data sets, beside the catalogue's entries: lists and studies go without them."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, select

from tuner_service.storage import workers
from tuner_service.storage.tables import catalogue

Origin = Literal["worker", "upload"]
_KINDS: Mapping[Origin, str] = {"worker": "worker_previews", "upload": "upload_previews"}


def put(
    connection: Connection, origin: Origin, name: str, preview: Mapping[str, Any] | None
) -> None:
    """The preview of a data set, in place of any other; None leaves it without one."""
    if preview is None:
        workers.forget(connection, _KINDS[origin], name)
    else:
        workers.learn(connection, _KINDS[origin], {name: preview})


def get(connection: Connection, origin: Origin, name: str) -> Mapping[str, Any] | None:
    query = select(catalogue.c.body).where(
        catalogue.c.kind == _KINDS[origin], catalogue.c.name == name
    )
    found: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found
