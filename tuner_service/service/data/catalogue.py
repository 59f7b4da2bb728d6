"""What there is to search and to train on: what the package ships, what workers taught, what users uploaded."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from search_spaces import fitting
from tuner_service.domain.study import Study
from tuner_service.errors import UnknownDataset, UnknownSearchSpace
from tuner_service.service.setup import Service
from tuner_service.storage import datasets, previews, workers
from tuner_service.storage.workers import Worker

Kind = Literal["search_spaces", "datasets"]
Entry = Mapping[str, Any]
READY: Entry = {"status": "ready", "error": None}


def entries(service: Service, connection: Connection, kind: Kind) -> dict[str, Entry]:
    """Every entry by name. Each has a ``status``; one that is not "ready" has an ``error``.

    What the package ships is nobody's to redefine. Of its data sets, those that need a file are ready as soon as
    a worker has it.
    """
    found: dict[str, Entry] = {**workers.learned(connection, kind)}
    if kind == "datasets":
        found |= datasets.bodies(connection)
    found |= service.catalogue[kind]
    served = workers.served(connection, kind)
    return {
        name: {**entry, **(READY if name in served else {"status": entry.get("status", "ready")})}
        for name, entry in sorted(found.items())
    }


def is_built_in(service: Service, kind: Kind, name: str) -> bool:
    return name in service.catalogue[kind]


def is_upload(entry: Entry | None) -> bool:
    return entry is not None and entry.get("upload") is not None


def all_of(service: Service, kind: Kind) -> list[Entry]:
    with service.database.read() as connection:
        return list(entries(service, connection, kind).values())


def search_space(service: Service, name: str) -> Entry:
    """Raises UnknownSearchSpace."""
    with service.database.read() as connection:
        known = entries(service, connection, "search_spaces")
    if name not in known:
        raise UnknownSearchSpace(name, known)
    return known[name]


def dataset(service: Service, name: str) -> Entry:
    """With its ``preview``, None where nobody made one. Raises UnknownDataset."""
    with service.database.read() as connection:
        known = entries(service, connection, "datasets")
        if name not in known:
            raise UnknownDataset(name, known)
        if name in service.catalogue["datasets"]:
            preview = service.previews.get(name)
        else:
            origin: previews.Origin = "upload" if is_upload(known[name]) else "worker"
            preview = previews.get(connection, origin, name)
    return {**known[name], "preview": preview}


def misfit(space: Entry, data: Entry) -> str | None:
    """Why a family cannot take a data set: what it wants and what there is; None if it can, or does not say."""
    if (why := fitting.misfit(space, data)) is None:
        return None
    wants, has = why
    return f'search space "{space["name"]}" takes {wants}; dataset "{data["name"]}" has {has}'


def serves(worker: Worker, study: Study) -> bool:
    """Whether this worker can train candidates of a Keras study; uploaded data comes to it from here."""
    space, data = study.spec.search_space, study.spec.dataset
    return space in worker.body["search_spaces"] and (
        data in worker.body["datasets"] or is_upload(study.data)
    )
