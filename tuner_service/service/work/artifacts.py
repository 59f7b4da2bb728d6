"""A trial's files: taken in whole and verified, or not at all."""

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Artifact, Trial, TrialState
from tuner_service.errors import (
    EpochOutOfOrder,
    Invalid,
    Problem,
    StaleAttempt,
    Unavailable,
)
from tuner_service.service.files.discarded import remove_discarded
from tuner_service.service.files.store import Upload
from tuner_service.service.setup import Service
from tuner_service.service.work.held import check_holder
from tuner_service.storage import artifacts, attempts, studies, trials

CHECKPOINTS_KEPT = 2
"""The newest, and the one before it for the day on which the newest is damaged."""


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
    checkpoint: int | None = None,
) -> Artifact:
    """Make a received file visible, if it is what its sender says it is.

    As a checkpoint it is what the trial goes on from, after so many epochs; of those the newest two are kept. Raises
    Invalid, StaleAttempt, EpochOutOfOrder.
    """
    if expected_sha256 is not None and upload.sha256 != expected_sha256:
        msg = f"Content-Digest says sha-256 {expected_sha256}, the body has {upload.sha256}"
        raise Invalid([Problem(("header", "Content-Digest"), msg)], code="digest_mismatch")
    key = upload.finish()
    try:
        with service.database.write() as connection:
            _, at = studies.lock(connection, name)
            _, trial = _holding(connection, name, number, attempt, holder)
            if checkpoint is None:
                _check_is_no_checkpoint(connection, trial, artifact)
            kept = Artifact(
                artifact, upload.size, upload.sha256, key, at, trial.attempt, checkpoint
            )
            artifacts.put(connection, trial, kept)
            if checkpoint is not None:
                lease_seconds = service.settings.lease_seconds
                _take_as_checkpoint(connection, name, trial, attempt, checkpoint, lease_seconds)
    except Unavailable:
        raise  # it may have been committed all the same: rather a file without a row than a row without its file
    except BaseException:
        service.store.remove(key)
        raise
    remove_discarded(service.database, service.store)
    return kept


def _check_is_no_checkpoint(connection: Connection, trial: Trial, artifact: str) -> None:
    if artifact in {each.name for each in artifacts.checkpoints(connection, trial)}:
        msg = f'"{artifact}" is a checkpoint of this trial; choose another name, or say checkpoint='
        raise Invalid([Problem(("path", "name"), msg)], code="is_checkpoint")


def _take_as_checkpoint(
    connection: Connection,
    name: str,
    trial: Trial,
    attempt: int,
    epochs: int,
    lease_seconds: float,
) -> None:
    if trial.state is not TrialState.RUNNING:
        raise StaleAttempt(name, trial.number, attempt, trial.attempt, trial.state)
    if epochs > trial.epochs:
        raise EpochOutOfOrder(name, trial.number, epochs, trial.epochs)
    newest, *rest = artifacts.checkpoints(connection, trial)
    artifacts.drop(connection, trial, rest[CHECKPOINTS_KEPT - 1 :])
    noted = attempts.note_checkpoint(connection, trial, newest.checkpoint or 0, lease_seconds)
    assert noted, "the study's lock is held and the trial was read under it"


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
    check_holder(study, trial, holder)
    return study, trial
