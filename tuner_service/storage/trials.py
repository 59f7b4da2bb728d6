"""Trials and their transitions. The guard of a transition lives in the write, and is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)

from tuner_service.domain.parameter import Value
from tuner_service.domain.study import Study
from tuner_service.domain.trial import OPEN, Origin, Trial, TrialState
from tuner_service.errors import UnknownTrial
from tuner_service.storage import eras
from tuner_service.storage import studies as studies_storage
from tuner_service.storage.tables import studies, trials


@dataclass(frozen=True)
class Claim:
    """Who takes a trial, when and for how long; ``holder`` is the id of the token."""

    worker: str
    holder: int | None
    at: float
    lease_expires_at: float


SELECT = select(trials)
SECONDS = case(
    (
        trials.c.started_at.is_not(None) & trials.c.finished_at.is_not(None),
        trials.c.seconds_before
        + func.coalesce(trials.c.finished_at - trials.c.claimed_at, literal(0.0)),
    ),
)
"""``Trial.seconds``, to the last digit."""
_GET = SELECT.where(trials.c.study_id == bindparam("study"), trials.c.number == bindparam("number"))
_ADD = insert(trials).returning(trials)
_QUEUED = (
    SELECT.where(trials.c.study_id == bindparam("study"), trials.c.state == TrialState.QUEUED)
    .order_by(trials.c.number)
    .limit(1)
)
_RUNNING = SELECT.where(
    trials.c.study_id == bindparam("study"), trials.c.state == TrialState.RUNNING
).order_by(trials.c.number)
HELD = (
    trials.c.study_id == bindparam("study"),
    trials.c.number == bindparam("by_number"),
    trials.c.state == TrialState.RUNNING,
    trials.c.attempt == bindparam("by_attempt"),
)


def from_row(row: Sequence[Any]) -> Trial:
    """A trial from the table's columns, which stand in the order of its fields."""
    row_id, study_id, number, state, origin, *rest = row
    return Trial(row_id, study_id, number, TrialState(state), Origin(origin), *rest)


def get(connection: Connection, study: Study, number: int) -> Trial:
    """Raises UnknownTrial."""
    row = connection.execute(_GET, {"study": study.id, "number": number}).one_or_none()
    if row is None:
        raise UnknownTrial(study.name, number)
    return from_row(row)


_WITH_STUDY = select(trials, *studies_storage.COLUMNS).join(studies)
_WITH_STUDY_BY_NAME = _WITH_STUDY.where(
    studies.c.name == bindparam("name"), trials.c.number == bindparam("number")
)
_WITH_STUDY_BY_ID = _WITH_STUDY.where(trials.c.id == bindparam("by_id"))


def with_study(connection: Connection, name: str, number: int) -> tuple[Study, Trial]:
    """A trial and its study at one moment. Raises UnknownStudy, UnknownTrial."""
    row = connection.execute(_WITH_STUDY_BY_NAME, {"name": name, "number": number}).one_or_none()
    if row is None:
        studies_storage.get(connection, name)
        raise UnknownTrial(name, number)
    return _study_and_trial(connection, row)


def by_id(connection: Connection, trial_id: int) -> tuple[Study, Trial]:
    """A trial, known to exist, and its study."""
    return _study_and_trial(
        connection, connection.execute(_WITH_STUDY_BY_ID, {"by_id": trial_id}).one()
    )


def _study_and_trial(connection: Connection, row: Sequence[Any]) -> tuple[Study, Trial]:
    split = len(trials.c)
    return studies_storage.from_row(connection, row[split:]), from_row(row[:split])


def add(
    connection: Connection,
    study: Study,
    *,
    number: int,
    origin: Origin,
    parameters: Mapping[str, Value],
    notes: Mapping[str, Any],
    claim: Claim | None = None,
) -> Trial:
    """A new trial: queued, or running under its first attempt where it comes with its claim."""
    row = connection.execute(
        _ADD,
        {
            "study_id": study.id,
            "number": number,
            "state": TrialState.RUNNING if claim else TrialState.QUEUED,
            "origin": origin,
            "attempt": eras.attempts_before(study) + (1 if claim else 0),
            "worker": claim.worker if claim else None,
            "holder": claim.holder if claim else None,
            "lease_expires_at": claim.lease_expires_at if claim else None,
            "started_at": claim.at if claim else None,
            "claimed_at": claim.at if claim else None,
            "parameters": dict(parameters),
            "notes": dict(notes),
            "epochs": 0,
        },
    ).one()
    return from_row(row)


def first_queued(connection: Connection, study: Study) -> Trial | None:
    row = connection.execute(_QUEUED, {"study": study.id}).one_or_none()
    return None if row is None else from_row(row)


def running(connection: Connection, study: Study) -> list[Trial]:
    return [from_row(row) for row in connection.execute(_RUNNING, {"study": study.id})]


def running_count(connection: Connection, study: Study) -> int:
    query = select(func.count()).where(
        trials.c.study_id == study.id, trials.c.state == TrialState.RUNNING
    )
    return connection.scalar(query) or 0


def all_open(connection: Connection, study: Study) -> list[Trial]:
    query = SELECT.where(trials.c.study_id == study.id, trials.c.state.in_(OPEN))
    return [from_row(row) for row in connection.execute(query.order_by(trials.c.number))]


_START = (
    update(trials)
    .where(
        trials.c.study_id == bindparam("study"),
        trials.c.number == bindparam("by_number"),
        trials.c.state == TrialState.QUEUED,
        trials.c.attempt == bindparam("by_attempt"),
    )
    .values(
        state=TrialState.RUNNING,
        attempt=trials.c.attempt + 1,
        worker=bindparam("new_worker"),
        holder=bindparam("new_holder"),
        parameters=bindparam("new_parameters", type_=trials.c.parameters.type),
        notes=bindparam("new_notes", type_=trials.c.notes.type),
        lease_expires_at=bindparam("lease"),
        finish_digest=None,
        started_at=func.coalesce(trials.c.started_at, bindparam("at")),
        claimed_at=bindparam("at"),
    )
    .returning(trials)
)


def start(
    connection: Connection,
    trial: Trial,
    claim: Claim,
    *,
    parameters: Mapping[str, Value],
    notes: Mapping[str, Any],
) -> Trial | None:
    """Hand a queued trial to a worker under its next attempt; None if it is no longer queued."""
    row = connection.execute(
        _START,
        {
            "study": trial.study_id,
            "by_number": trial.number,
            "by_attempt": trial.attempt,
            "new_worker": claim.worker,
            "new_holder": claim.holder,
            "new_parameters": dict(parameters),
            "new_notes": dict(notes),
            "lease": claim.lease_expires_at,
            "at": claim.at,
        },
    ).one_or_none()
    return None if row is None else from_row(row)


_END = (
    update(trials)
    .where(
        trials.c.study_id == bindparam("study"),
        trials.c.number == bindparam("by_number"),
        trials.c.state == bindparam("by_state"),
        trials.c.attempt == bindparam("by_attempt"),
    )
    .values(
        state=bindparam("new_state"),
        error=bindparam("new_error"),
        value=bindparam("new_value"),
        values=bindparam("new_values", type_=trials.c["values"].type),
        model_parameters=bindparam("new_model_parameters"),
        finish_digest=bindparam("new_digest"),
        deaths=bindparam("new_deaths"),
        finished_at=bindparam("at"),
        lease_expires_at=None,
        ended_revision=bindparam("revision"),
    )
    .returning(trials)
)


def end(
    connection: Connection,
    trial: Trial,
    state: TrialState,
    *,
    error: str | None,
    value: float | None,
    values: Mapping[str, float] | None,
    model_parameters: int | None,
    digest: str | None,
    deaths: int,
    at: float,
    revision: int,
) -> Trial | None:
    """End a trial; None if it is no longer in the state and attempt in which it was read."""
    row = connection.execute(
        _END,
        {
            "study": trial.study_id,
            "by_number": trial.number,
            "by_state": trial.state,
            "by_attempt": trial.attempt,
            "new_state": state,
            "new_error": error,
            "new_value": value,
            "new_values": None if values is None else dict(values),
            "new_model_parameters": model_parameters,
            "new_digest": digest,
            "new_deaths": deaths,
            "at": at,
            "revision": revision,
        },
    ).one_or_none()
    return None if row is None else from_row(row)


_HAS_OPEN = (
    select(trials.c.id)
    .where(trials.c.study_id == bindparam("study"), trials.c.state.in_(OPEN))
    .limit(1)
)


def has_open(connection: Connection, study: Study) -> bool:
    """Whether any trial is queued or running."""
    return connection.execute(_HAS_OPEN, {"study": study.id}).one_or_none() is not None


def last_error(connection: Connection, study: Study) -> str | None:
    """Why the trial failed that failed last."""
    query = (
        select(trials.c.error)
        .where(trials.c.study_id == study.id, trials.c.state == TrialState.FAILED)
        .order_by(trials.c.ended_revision.desc())
        .limit(1)
    )
    error: str | None = connection.scalar(query)
    return error
