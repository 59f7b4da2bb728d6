"""What was given out once must not be given out again: not after a restore, nor to another study of the same name.

A worker may still hold trial 7 as attempt 1, of which the backup, or the new study, knows nothing. So each begins an
era. Attempts of an era are counted from
its own thousand, also those of trials that are yet to come; and the events of a study from its own billion, so that a
follower's ``Last-Event-ID`` is never ahead of them. The era of a study is in its revision.
"""

import secrets

from sqlalchemy import Connection, delete, func, insert, select, update

from tuner_service.domain.study import Study
from tuner_service.domain.trial import OPEN
from tuner_service.storage.tables import eras, studies, trials

REVISIONS = 10**9
ATTEMPTS = 1000
LARGEST_STEP = 1000
EVERY = "*"


def attempts_before(study: Study) -> int:
    """What a new trial's attempts are counted from."""
    return study.revision // REVISIONS * ATTEMPTS


def first_revision(connection: Connection, name: str) -> int:
    """Where a new study of this name begins: after all that went by it before."""
    query = select(func.max(eras.c.era)).where(eras.c.name.in_((name, EVERY)))
    return int(connection.scalar(query) or 0) * REVISIONS


def close(connection: Connection, study: Study) -> None:
    """A study is about to go: the next one of its name is of a later era, for workers may still hold its trials."""
    _note(connection, study.name, study.revision // REVISIONS + 1)


def newest(connection: Connection) -> int:
    of_studies = int(connection.scalar(select(func.max(studies.c.revision))) or 0) // REVISIONS
    return max(of_studies, connection.scalar(select(func.max(eras.c.era))) or 0)


def next_era(connection: Connection, after: int) -> int:
    """Later than all that is known.

    By a random step: of two restores of the same backup the second may know nothing of the first.
    """
    return max(newest(connection), after) + 1 + secrets.randbelow(LARGEST_STEP)


def _note(connection: Connection, name: str, era: int) -> None:
    connection.execute(delete(eras).where(eras.c.name == name))
    connection.execute(insert(eras).values(name=name, era=era))


def begin(connection: Connection, era: int) -> None:
    """Let every study and open trial, and all that are yet to come, be of this era, which is later than theirs."""
    _note(connection, EVERY, era)
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
