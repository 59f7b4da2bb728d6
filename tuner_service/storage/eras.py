"""After a restore the service must not give out again what it gave out after the backup: a new era begins.

A worker may still hold trial 7 as attempt 1, of which the backup knows nothing. So attempts of an era are counted from
its own thousand, also those of trials that are yet to come; and the events of a study from its own billion, so that a
follower's ``Last-Event-ID`` is never ahead of them. The era of a study is in its revision.
"""

from sqlalchemy import Connection, func, select, update

from tuner_service.domain.study import Study
from tuner_service.domain.trial import OPEN
from tuner_service.storage.tables import studies, trials

REVISIONS = 10**9
ATTEMPTS = 1000


def attempts_before(study: Study) -> int:
    """What a new trial's attempts are counted from."""
    return study.revision // REVISIONS * ATTEMPTS


def newest(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(studies.c.revision))) or 0) // REVISIONS


def begin(connection: Connection, era: int) -> None:
    """Let every study and every open trial be of this era, which is later than theirs."""
    before = studies.c.revision // REVISIONS
    of_trial = select(before).where(studies.c.id == trials.c.study_id).scalar_subquery()
    connection.execute(
        update(trials)
        .where(trials.c.state.in_(OPEN))
        .values(attempt=trials.c.attempt + (era - of_trial) * ATTEMPTS)
    )
    connection.execute(
        update(studies).values(revision=studies.c.revision % REVISIONS + era * REVISIONS)
    )


def studies_with_open_trials(connection: Connection) -> list[str]:
    is_open = trials.c.state.in_(OPEN)
    query = select(studies.c.name).join(trials).where(is_open).distinct().order_by(studies.c.name)
    return list(connection.scalars(query))
