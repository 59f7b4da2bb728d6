"""The events of a study, in the order of their commits."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from tuner_service.domain.events import Event, EventKind
from tuner_service.domain.study import Study
from tuner_service.storage.tables import events, studies

_INSERT = insert(events)
_BUMP = (
    update(studies)
    .where(studies.c.id == bindparam("by_id"))
    .values(revision=studies.c.revision + bindparam("by_count"))
)
_AFTER = (
    select(events.c.id, events.c.kind, events.c.body)
    .where(events.c.study_id == bindparam("study"), events.c.id > bindparam("after"))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)


def append(connection: Connection, study: Study, bodies: Sequence[tuple[EventKind, str]]) -> None:
    """Append events under the study's lock; the first takes the revision that the lock took."""
    if not bodies:
        return
    connection.execute(
        _INSERT,
        [
            {"study_id": study.id, "id": study.revision + index, "kind": kind, "body": body}
            for index, (kind, body) in enumerate(bodies)
        ],
    )
    if len(bodies) > 1:
        connection.execute(_BUMP, {"by_id": study.id, "by_count": len(bodies) - 1})


def after(connection: Connection, study_id: int, last: int, limit: int) -> list[Event]:
    rows = connection.execute(_AFTER, {"study": study_id, "after": last, "most": limit})
    return [Event(row.id, EventKind(row.kind), row.body) for row in rows]
