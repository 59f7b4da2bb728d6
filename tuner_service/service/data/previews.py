"""Previews of data sets: taken from whoever opened the data, and never trusted."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from tuner_service import wire
from tuner_service.service.views import Json
from tuner_service.storage import previews

log = logging.getLogger(__name__)


def checked(name: str, preview: Any) -> Json | None:
    """A preview as it may be stored and shown. What made it had read a user's file, and may have been taken over."""
    try:
        return dict(wire.Preview.model_validate(preview).model_dump(mode="json"))
    except ValidationError as error:
        log.warning("the preview of %s is left out: %s", name, error.errors()[0]["msg"])
        return None


def learn(
    connection: Connection, looks: Mapping[str, Json], news: Collection[str], known: Collection[str]
) -> None:
    """Keep what a worker sent of its data sets; of the ``known`` ones those in ``news`` are new, or changed.

    A worker sends a preview once, so without one what was learned stays, unless the data changed since.
    """
    for name in news:
        previews.put(connection, "worker", name, looks.get(name))
    for name, look in looks.items():
        if name in known and name not in news and previews.get(connection, "worker", name) != look:
            previews.put(connection, "worker", name, look)
