"""Studies as their list shows them: few columns of many, and what ended in each since it was last looked at."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from tuner_service.domain.standing import Ended
from tuner_service.domain.study import Executor, StudyState
from tuner_service.domain.trial import OPEN, TrialState
from tuner_service.storage.clock import now
from tuner_service.storage.tables import studies, trials
from tuner_service.storage.trials import SECONDS

Mark = tuple[int, int, int]


@dataclass(frozen=True)
class Listed:
    """A study's row without what is long: its specification and its space. ``at``: when it was read."""

    id: int
    name: str
    state: StudyState
    executor: Executor
    search_space: str | None
    dataset: str | None
    created_at: float
    budget_trials: int
    budget_seconds: float | None
    next_number: int
    ended_revision: int
    reason: str | None
    at: float


_MARK = select(
    func.count(), func.coalesce(func.max(studies.c.id), 0), func.sum(studies.c.revision)
).select_from(studies)
_COLUMNS = (
    studies.c.id,
    studies.c.name,
    studies.c.state,
    studies.c.executor,
    studies.c.search_space,
    studies.c.dataset,
    studies.c.created_at,
    studies.c.budget_trials,
    studies.c.budget_seconds,
    studies.c.next_number,
    studies.c.ended_revision,
    studies.c.reason,
)
_OBJECTIVES = select(studies.c.spec["objectives"]).where(studies.c.id == bindparam("study"))
_ENDED = (
    select(
        trials.c.number,
        trials.c.state,
        trials.c.value,
        SECONDS,
        trials.c.finished_at,
        trials.c.ended_revision,
    )
    .where(trials.c.study_id == bindparam("study"), trials.c.ended_revision > bindparam("after"))
    .order_by(trials.c.ended_revision, trials.c.number)
)


def mark(connection: Connection) -> Mark:
    """Another one after every change of any study: ids are never given again, and revisions only grow."""
    count, newest, revisions = connection.execute(_MARK).one()
    return count, newest, int(revisions or 0)


def state_counts(connection: Connection, named: str) -> dict[StudyState, int]:
    """How many studies with this in their names are in each state."""
    query = select(studies.c.state, func.count()).where(*_named(named)).group_by(studies.c.state)
    return {StudyState(state): count for state, count in connection.execute(query)}


def page(
    connection: Connection, *, named: str, state: StudyState | None, limit: int, offset: int
) -> list[Listed]:
    """Newest first."""
    query = select(*_COLUMNS, now().label("at")).where(*_named(named))
    if state is not None:
        query = query.where(studies.c.state == state)
    rows = connection.execute(query.order_by(studies.c.id.desc()).limit(limit).offset(offset))
    return [_listed(row) for row in rows]


def one(connection: Connection, name: str) -> Listed | None:
    query = select(*_COLUMNS, now().label("at")).where(studies.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else _listed(row)


def _listed(row: Iterable[Any]) -> Listed:
    row_id, name, state, executor, *rest = row
    return Listed(row_id, name, StudyState(state), Executor(executor), *rest)


def _named(part: str) -> Sequence[ColumnElement[bool]]:
    return [studies.c.name.contains(part, autoescape=True)] if part else []


def open_counts(connection: Connection, ids: Collection[int]) -> dict[int, dict[TrialState, int]]:
    """How many trials of each of these studies are queued and running."""
    query = (
        select(trials.c.study_id, trials.c.state, func.count())
        .where(trials.c.study_id.in_(ids), trials.c.state.in_(OPEN))
        .group_by(trials.c.study_id, trials.c.state)
    )
    found: dict[int, dict[TrialState, int]] = {row_id: dict.fromkeys(OPEN, 0) for row_id in ids}
    for row_id, state, count in connection.execute(query):
        found[row_id][TrialState(state)] = count
    return found


def objectives(connection: Connection, study_id: int) -> list[dict[str, Any]]:
    """As the study was opened with them; empty if it is no longer there."""
    return connection.scalar(_OBJECTIVES, {"study": study_id}) or []


def ended_after(connection: Connection, study_id: int, revision: int) -> list[Ended]:
    """The trials that ended after a revision, in the order in which they ended."""
    rows = connection.execute(_ENDED, {"study": study_id, "after": revision})
    return [Ended(number, TrialState(state), *rest) for number, state, *rest in rows]
