"""Trials as they compare: pages of them, the best, those that ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from tuner_service.domain.study import Direction, Objective, Study, losses
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.storage.tables import trials
from tuner_service.storage.trials import SECONDS, SELECT, from_row

ORDERS: Mapping[str, Any] = {
    "number": trials.c.number,
    "value": trials.c.value,
    "epochs": trials.c.epochs,
    "started_at": trials.c.started_at,
    "finished_at": trials.c.finished_at,
    "seconds": SECONDS,
    "state": trials.c.state,
    "attempt": trials.c.attempt,
    "model_parameters": trials.c.model_parameters,
}

Place = tuple[str | float | None, int]
"""What a trial has in an order, and its number, which decides among equal ones."""


def place(trial: Trial, order_by: str) -> Place:
    return getattr(trial, order_by), trial.number


def page(
    connection: Connection,
    study: Study,
    *,
    states: Sequence[TrialState],
    order_by: str,
    descending: bool,
    limit: int,
    after: Place | None = None,
) -> list[Trial]:
    """A page of trials, those after a place; those without the value that orders them come last."""
    column = ORDERS[order_by]
    order = column.desc() if descending else column.asc()
    query = (
        SELECT.where(trials.c.study_id == study.id)
        .order_by(case((column.is_(None), 1), else_=0), order, trials.c.number)
        .limit(limit)
    )
    if after is not None:
        query = query.where(_beyond(column, descending, *after))
    if states:
        query = query.where(trials.c.state.in_(states))
    return [from_row(row) for row in connection.execute(query)]


def _beyond(
    column: Any, descending: bool, value: str | float | None, number: int
) -> ColumnElement[bool]:
    """What comes after this value and number, as ``page`` sorts."""
    later = trials.c.number > number
    if value is None:
        return and_(column.is_(None), later)
    bound = literal(value, BigInteger()) if isinstance(value, int) else literal(value)
    beyond = column < bound if descending else column > bound
    return or_(beyond, and_(column == bound, later), column.is_(None))


def completed(connection: Connection, study: Study) -> list[Trial]:
    query = SELECT.where(
        trials.c.study_id == study.id,
        trials.c.state == TrialState.COMPLETED,
        trials.c.value.is_not(None),
    )
    return [from_row(row) for row in connection.execute(query.order_by(trials.c.number))]


def best(connection: Connection, study: Study) -> Trial | None:
    return winner(connection, study.id, study.spec.objectives)


def winner(connection: Connection, study_id: int, objectives: Sequence[Objective]) -> Trial | None:
    """The completed trial with the best first objective; of equal ones the best in the next, and at last the first."""
    completed = SELECT.where(
        trials.c.study_id == study_id,
        trials.c.state == TrialState.COMPLETED,
        trials.c.value.is_not(None),
    )
    value = trials.c.value
    order = value.desc() if objectives[0].direction is Direction.MAXIMIZE else value.asc()
    row = connection.execute(completed.order_by(order, trials.c.number).limit(1)).one_or_none()
    if row is None:
        return None
    first = from_row(row)
    if len(objectives) == 1:
        return first
    equal = [from_row(row) for row in connection.execute(completed.where(value == first.value))]
    return min(equal, key=lambda trial: (losses(objectives, trial.values or {}), trial.number))


_ENDED = SELECT.where(
    trials.c.study_id == bindparam("study"), trials.c.ended_revision > bindparam("after")
).order_by(trials.c.ended_revision, trials.c.number)


def ended_after(connection: Connection, study: Study, revision: int) -> list[Trial]:
    """The trials that ended after a revision, in the order in which they ended."""
    return [from_row(r) for r in connection.execute(_ENDED, {"study": study.id, "after": revision})]


def state_counts(connection: Connection) -> dict[str, int]:
    """How many trials are in each state, over all studies."""
    rows = connection.execute(select(trials.c.state, func.count()).group_by(trials.c.state)).all()
    return dict(rows)
