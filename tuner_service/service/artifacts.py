"""A trial's files: taken in whole and verified, or not at all."""

from collections.abc import Iterator

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Artifact, Trial, TrialState
from tuner_service.errors import (
    Invalid,
    NotYourTrial,
    Problem,
    StaleAttempt,
    UnknownArtifact,
)
from tuner_service.service.setup import Service
from tuner_service.service.store import Upload
from tuner_service.storage import artifacts, studies, trials

LOG = "log.txt"
LOG_LINES = 200
LOG_BYTES = 256 * 1024


def receive(
    service: Service, name: str, number: int, attempt: int | None, holder: int | None
) -> tuple[Upload, int]:
    """An upload to write to and in the end to discard, and the attempt that it belongs to.

    An upload that names no attempt belongs to the one that is current when it begins. Raises StaleAttempt.
    """
    with service.database.read() as connection:
        _, trial = _holding(connection, name, number, attempt, holder)
    return service.store.upload(f"{trial.study_id}/{number}"), trial.attempt


def store(
    service: Service,
    name: str,
    number: int,
    attempt: int,
    holder: int | None,
    upload: Upload,
    *,
    artifact: str,
    expected_sha256: str | None,
) -> Artifact:
    """Make a received file visible, if it is what its sender says it is. Raises Invalid, StaleAttempt."""
    if expected_sha256 is not None and upload.sha256 != expected_sha256:
        msg = f"Content-Digest says sha-256 {expected_sha256}, the body has {upload.sha256}"
        raise Invalid([Problem(("header", "Content-Digest"), msg)], code="digest_mismatch")
    key = upload.finish()
    stored = False
    try:
        with service.database.write() as connection:
            _, at = studies.lock(connection, name)
            _, trial = _holding(connection, name, number, attempt, holder)
            replaced = artifacts.put(connection, trial, artifact, upload.size, upload.sha256, key)
        stored = True
    finally:
        if not stored:
            service.store.remove(key)
    if replaced is not None:
        service.store.remove(replaced)
    return Artifact(artifact, upload.size, upload.sha256, key, at)


def page(service: Service, name: str, number: int) -> list[Artifact]:
    """Raises UnknownStudy, UnknownTrial."""
    with service.database.read() as connection:
        return artifacts.page(
            connection, trials.get(connection, studies.get(connection, name), number)
        )


def open_artifact(
    service: Service, name: str, number: int, artifact: str
) -> tuple[Artifact, Iterator[bytes]]:
    """An artifact and its bytes. Raises UnknownArtifact."""
    found = {each.name: each for each in page(service, name, number)}
    if artifact not in found:
        raise UnknownArtifact(name, number, artifact, found)
    try:
        return found[artifact], service.store.read(found[artifact].path)
    except FileNotFoundError as error:
        raise UnknownArtifact(name, number, artifact, ()) from error


def log(service: Service, name: str, number: int) -> str:
    """The last lines that the trial printed; empty while there are none."""
    if LOG not in {each.name for each in page(service, name, number)}:
        return ""
    _, chunks = open_artifact(service, name, number, LOG)
    tail = b""
    for chunk in chunks:  # a worker may have sent any amount; only the end is kept in memory
        tail = (tail + chunk)[-LOG_BYTES:]
    return "".join(tail.decode(errors="replace").splitlines(keepends=True)[-LOG_LINES:])


def _holding(
    connection: Connection, name: str, number: int, attempt: int | None, holder: int | None
) -> tuple[Study, Trial]:
    """The trial, if this attempt is its current one; an ended trial's last attempt may still hand in files."""
    study = studies.get(connection, name)
    trial = trials.get(connection, study, number)
    unnamed_and_over = attempt is None and trial.state is not TrialState.RUNNING
    queued = trial.state is TrialState.QUEUED
    if unnamed_and_over or queued or attempt not in (None, trial.attempt):
        raise StaleAttempt(name, number, attempt or trial.attempt, trial.attempt, trial.state)
    if holder is not None and trial.holder != holder:
        raise NotYourTrial(name, number)
    return study, trial
