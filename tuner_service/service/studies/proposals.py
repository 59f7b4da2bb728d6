"""What a new study can be made of, as a form needs it, and what it is called when it is a copy."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from search_spaces.reported import metrics
from tuner_service.errors import UnknownStudy
from tuner_service.service.data import catalogue
from tuner_service.service.data.catalogue import Entry
from tuner_service.service.setup import Service
from tuner_service.service.studies.opening import usual_objectives
from tuner_service.storage import studies, workers

NAME_LENGTH = 63
BUILT_IN = "built-in"


def proposals(service: Service) -> dict[str, Any]:
    """Every family and every data set. ``here``: a worker that is connected serves it.

    A data set has the names of the ``families`` that take it, the ``metrics`` that a built-in one reports, and the
    ``objectives`` of a study that names none. What an ``own`` family reports, only a worker knows.
    """
    with service.database.read() as connection:
        families = list(catalogue.entries(service, connection, "search_spaces").values())
        data = list(catalogue.entries(service, connection, "datasets").values())
        served = workers.served(connection, "search_spaces")
        held = workers.served(connection, "datasets")
    return {
        "families": [_family(entry, entry["name"] in served) for entry in families],
        "datasets": [
            _dataset(entry, families, entry["name"] in held or catalogue.is_upload(entry))
            for entry in data
        ],
        "workers": bool(served or held),
    }


def _family(entry: Entry, here: bool) -> dict[str, Any]:
    shown = ("name", "title", "summary", "parameters", "status", "error")
    return {
        **{key: entry.get(key) for key in shown},
        "own": entry.get("source") != BUILT_IN,
        "here": here,
    }


def _dataset(entry: Entry, families: list[Entry], here: bool) -> dict[str, Any]:
    shown = ("name", "summary", "inputs", "outputs", "sizes", "status", "error")
    return {
        **{key: entry.get(key) for key in shown},
        "here": here,
        "families": [f["name"] for f in families if catalogue.misfit(f, entry) is None],
        "metrics": _reported(entry.get("outputs") or []),
        "objectives": usual_objectives(entry),
    }


def _reported(outputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """None where a worker told of outputs that no built-in family knows."""
    try:
        return metrics(outputs) if outputs else []
    except (KeyError, ValueError):
        return []


def fresh_name(service: Service, name: str) -> str:
    """The name of the next copy of a study: ``digits-2`` after ``digits``, the first that is free."""
    stem = re.sub(r"-[0-9]{1,9}$", "", name)
    number = 2
    with service.database.read() as connection:
        while _is_taken(connection, copy := _numbered(stem, number)):
            number += 1
    return copy


def _numbered(stem: str, number: int) -> str:
    suffix = f"-{number}"
    return stem[: NAME_LENGTH - len(suffix)] + suffix


def _is_taken(connection: Connection, name: str) -> bool:
    try:
        studies.get(connection, name)
    except UnknownStudy:
        return False
    return True
