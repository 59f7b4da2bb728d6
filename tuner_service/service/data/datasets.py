"""Data sets of the users' own: taken in whole and looked into, or not at all."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from tuner_service.errors import (
    DatasetBuiltIn,
    DatasetInUse,
    Invalid,
    Problem,
    Unavailable,
    UnknownDataset,
)
from tuner_service.service.data import catalogue
from tuner_service.service.data.previews import checked
from tuner_service.service.files.incoming import Incoming
from tuner_service.service.memory.bell import WORK
from tuner_service.service.setup import Service
from tuner_service.service.views import Json
from tuner_service.storage import datasets, previews, workers

FOLDER = "datasets"


def receive(service: Service, name: str) -> Incoming:
    """A file to write to, and in the end to discard. Raises DatasetBuiltIn."""
    with service.database.read() as connection:
        if datasets.get(connection, name) is None:
            _check_name(service, connection, name)
    return Incoming(service.settings.home, service.database.file)


def store(
    service: Service,
    name: str,
    file: Incoming,
    format: str,
    told: dict[str, Any],
    expected: str | None,
) -> Json:
    """Look into a received file and make it a data set; its entry in the catalogue.

    It takes the place of an upload of the same name; the same file again changes nothing. Raises Invalid with what is
    wrong with the file, DatasetInUse, DatasetBuiltIn.
    """
    file.close()
    if expected is not None and file.sha256 != expected:
        msg = f"Content-Digest says sha-256 {expected}, the body has {file.sha256}"
        raise Invalid([Problem(("header", "Content-Digest"), msg)], code="digest_mismatch")
    if not file.size:
        raise Invalid([Problem(("body",), "the file is empty")], code="bad_dataset")
    found = service.examiner.examine(file.path, format, told, service.settings.max_upload_bytes)
    preview = checked(name, found.pop("preview", None))
    entry: Json = {
        "name": name,
        **found,
        "sha256": file.sha256,
        "source": f"uploaded {format}, {file.size:,} bytes",
        "status": "ready",
        "upload": {"format": format, "told": told, "size": file.size},
    }
    key = service.store.put_file(file.path, FOLDER)
    unused: str | None = key
    try:
        with service.database.write() as connection:
            before = datasets.hold(connection, name)
            if before is not None and before.body == entry:
                previews.put(connection, "upload", name, preview)
                return {**entry, "preview": preview}
            if before is not None and (users := datasets.users(connection, name)):
                raise DatasetInUse(name, users)
            if before is None:
                _check_name(service, connection, name)
            datasets.put(connection, name, entry, file.size, file.sha256, key)
            previews.put(connection, "upload", name, preview)
        unused = before.path if before is not None else None
    except Unavailable:
        unused = (
            None  # it may have been committed all the same: rather a file too many than one too few
        )
        raise
    finally:
        if unused is not None:
            service.store.remove(unused)
    service.bell.ring(WORK)
    return {**entry, "preview": preview}


def delete(service: Service, name: str) -> None:
    """Raises UnknownDataset, DatasetBuiltIn, DatasetInUse."""
    with service.database.write() as connection:
        found = datasets.hold(connection, name)
        if found is None:
            _check_name(service, connection, name)
            known = catalogue.entries(service, connection, "datasets")
            if name not in known:
                raise UnknownDataset(name, known)
            # What a worker once had, and no worker has now.
            workers.forget(connection, "datasets", name)
            previews.put(connection, "worker", name, None)
            return
        if users := datasets.users(connection, name):
            raise DatasetInUse(name, users)
        datasets.remove(connection, name)
        previews.put(connection, "upload", name, None)
    # After the commit: a crash in between leaves a file that nothing names, never a data set without its file.
    service.store.remove(found.path)


def content(service: Service, name: str) -> tuple[datasets.Uploaded, Iterator[bytes]]:
    """An uploaded file and its bytes. Raises UnknownDataset."""
    with service.database.read() as connection:
        found = datasets.get(connection, name)
        if found is None:
            raise UnknownDataset(name, datasets.bodies(connection))
    try:
        return found, service.store.read(found.path, found.size)
    except FileNotFoundError as error:
        missing = f'the file of dataset "{name}" is missing in the artifact store'
        raise Unavailable(missing, code="store_unavailable") from error


def _check_name(service: Service, connection: Connection, name: str) -> None:
    """Raises DatasetBuiltIn for the name of what comes along, or of what lies on a worker that is there."""
    if name in service.catalogue["datasets"] or name in workers.served(connection, "datasets"):
        raise DatasetBuiltIn(name)
