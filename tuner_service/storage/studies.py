"""Studies: opening, locking for a change, reading."""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tuner_service.domain.space import Space
from tuner_service.domain.study import Budget, Executor, Spec, Study, StudyState
from tuner_service.domain.trial import TrialState
from tuner_service.errors import StudyExists, UnknownStudy
from tuner_service.storage import eras
from tuner_service.storage.clock import now
from tuner_service.storage.tables import studies, trials

Frozen = tuple[Mapping[str, Any], Spec, Space, Mapping[str, Any] | None]
# What is frozen with a study is parsed once. By its id and its moment: the id of a row whose insertion was rolled back
# is given again.
_frozen: WeakKeyDictionary[Pool, dict[tuple[int, float], Frozen]] = WeakKeyDictionary()
_MOST_FROZEN = 2000

COLUMNS = (
    studies.c.id,
    studies.c.name,
    studies.c.state,
    studies.c.created_at,
    studies.c.budget_trials,
    studies.c.budget_seconds,
    studies.c.next_number,
    studies.c.revision,
    studies.c.ended_revision,
    studies.c.reason,
    studies.c.preflight,
)
_SELECT = select(*COLUMNS)
_BY_NAME = _SELECT.where(studies.c.name == bindparam("by_name"))
_BY_KEY = select(*COLUMNS, studies.c.body_digest).where(
    studies.c.idempotency_key == bindparam("by_key")
)
_FROZEN = select(studies.c.spec, studies.c.space, studies.c.data).where(
    studies.c.id == bindparam("by_id")
)
_LOCK = (
    update(studies)
    .where(studies.c.name == bindparam("by_name"))
    .values(revision=studies.c.revision + 1)
    .returning(*COLUMNS, now().label("at"))
)
_COUNT = (
    select(trials.c.state, func.count())
    .where(trials.c.study_id == bindparam("by_id"))
    .group_by(trials.c.state)
)


def from_row(connection: Connection, row: Sequence[Any]) -> Study:
    """A study from the values of COLUMNS."""
    row_id, name, state, created_at, budget_trials, budget_seconds, *rest = row[: len(COLUMNS)]
    cache = _frozen.setdefault(connection.engine.pool, {})
    key = (row_id, created_at)
    parsed = cache.get(key)
    if parsed is None:
        frozen = connection.execute(_FROZEN, {"by_id": row_id}).one_or_none()
        if frozen is None:
            raise UnknownStudy(name)  # deleted since its row was read
        spec, space, data = frozen
        if len(cache) >= _MOST_FROZEN:
            cache.clear()
        parsed = cache[key] = (spec, Spec.from_json(spec), Space.from_json(space), data)
    budget = Budget(budget_trials, budget_seconds)
    return Study(row_id, name, StudyState(state), created_at, *parsed, budget, *rest)


class KeyTaken(Exception):
    """Another request with the same idempotency key was quicker: look it up again."""


def add(
    connection: Connection,
    spec: Mapping[str, Any],
    space: Space,
    data: Mapping[str, Any] | None,
    *,
    key: str | None,
    body_digest: str | None,
) -> None:
    """Open a study, running. Raises StudyExists, KeyTaken."""
    try:
        connection.execute(
            insert(studies).values(
                name=spec["name"],
                state=StudyState.RUNNING,
                executor=spec["executor"],
                search_space=spec["search_space"]
                if isinstance(spec["search_space"], str)
                else None,
                dataset=spec["dataset"],
                priority=spec["priority"],
                max_parallel=spec["max_parallel"],
                created_at=now(),
                spec=dict(spec),
                space=space.to_json(),
                data=data,
                budget_trials=spec["budget"]["trials"],
                budget_seconds=spec["budget"]["seconds"],
                revision=eras.first_revision(connection, spec["name"]),
                idempotency_key=key,
                body_digest=body_digest,
            )
        )
    except IntegrityError as error:
        if "idempotency_key" in str(error.orig):
            raise KeyTaken from error
        raise StudyExists(spec["name"]) from error


def get(connection: Connection, name: str) -> Study:
    """Raises UnknownStudy."""
    row = connection.execute(_BY_NAME, {"by_name": name}).one_or_none()
    if row is None:
        raise UnknownStudy(name)
    return from_row(connection, row)


def lock(connection: Connection, name: str) -> tuple[Study, float]:
    """Take the study for a change: its next revision, and the database's time. Raises UnknownStudy."""
    row = connection.execute(_LOCK, {"by_name": name}).one_or_none()
    if row is None:
        raise UnknownStudy(name)
    return from_row(connection, row), row.at


def opened_with(connection: Connection, key: str) -> tuple[Study, str] | None:
    """The study that this idempotency key opened, and the digest of the body it came with."""
    row = connection.execute(_BY_KEY, {"by_key": key}).one_or_none()
    return None if row is None else (from_row(connection, row), row.body_digest)


def page(
    connection: Connection, *, state: StudyState | None, limit: int, after: int | None = None
) -> list[Study]:
    """Newest first; those after the study with this id."""
    query = _SELECT.order_by(studies.c.id.desc()).limit(limit)
    if after is not None:
        query = query.where(studies.c.id < after)
    if state is not None:
        query = query.where(studies.c.state == state)
    return [from_row(connection, row) for row in connection.execute(query).all()]


def with_work(connection: Connection, executor: Executor) -> list[Study]:
    """Running studies that may have something to hand out, in the order in which they are served.

    Higher priority first, then the one with the fewest running trials, then the one that was served longest ago.
    """
    running = (
        select(func.count())
        .where(trials.c.study_id == studies.c.id, trials.c.state == TrialState.RUNNING)
        .scalar_subquery()
    )
    query = (
        _SELECT.where(studies.c.state == StudyState.RUNNING, studies.c.executor == executor)
        .where((studies.c.max_parallel.is_(None)) | (running < studies.c.max_parallel))
        .order_by(
            studies.c.priority.desc(), running, func.coalesce(studies.c.served_at, 0), studies.c.id
        )
    )
    return [from_row(connection, row) for row in connection.execute(query).all()]


def out_of_time(connection: Connection) -> list[str]:
    """Studies that are not over although their time budget is spent."""
    query = select(studies.c.name).where(
        studies.c.state.in_((StudyState.RUNNING, StudyState.PAUSED)),
        studies.c.created_at + studies.c.budget_seconds <= now(),
    )
    return list(connection.scalars(query.order_by(studies.c.id)))


def counts(connection: Connection, study: Study) -> dict[TrialState, int]:
    """How many trials are in each state; states with none stand at 0."""
    rows = connection.execute(_COUNT, {"by_id": study.id})
    return dict.fromkeys(TrialState, 0) | {TrialState(state): count for state, count in rows}


def set_state(connection: Connection, study: Study, state: StudyState, reason: str | None) -> None:
    connection.execute(
        update(studies).where(studies.c.id == study.id).values(state=state, reason=reason)
    )


def set_preflight(connection: Connection, study: Study, preflight: Mapping[str, Any]) -> None:
    connection.execute(
        update(studies).where(studies.c.id == study.id).values(preflight=dict(preflight))
    )


def set_budget(connection: Connection, study: Study, trials: int) -> None:
    connection.execute(update(studies).where(studies.c.id == study.id).values(budget_trials=trials))


_TAKE = (
    update(studies)
    .where(studies.c.id == bindparam("by_id"), studies.c.next_number == bindparam("number"))
    .values(next_number=studies.c.next_number + 1)
)


def take_number(connection: Connection, study: Study, number: int) -> bool:
    """Make this the study's next trial; False if another took the number meanwhile."""
    return connection.execute(_TAKE, {"by_id": study.id, "number": number}).rowcount == 1


_NOTE_SERVED = (
    update(studies).where(studies.c.id == bindparam("by_id")).values(served_at=bindparam("at"))
)


def note_served(connection: Connection, study: Study, at: float) -> None:
    """Note when a trial was handed out, so that others have their turn first."""
    connection.execute(_NOTE_SERVED, {"by_id": study.id, "at": at})


_NOTE_END = (
    update(studies)
    .where(studies.c.id == bindparam("by_id"))
    .values(ended_revision=bindparam("at_revision"))
)


def note_end(connection: Connection, study: Study) -> None:
    """Note that trials ended in this change."""
    connection.execute(_NOTE_END, {"by_id": study.id, "at_revision": study.revision})


def remove(connection: Connection, study: Study) -> None:
    eras.close(connection, study)
    connection.execute(delete(studies).where(studies.c.id == study.id))


def state_counts(connection: Connection) -> dict[str, int]:
    """How many studies are in each state."""
    rows = connection.execute(select(studies.c.state, func.count()).group_by(studies.c.state)).all()
    return dict(rows)
