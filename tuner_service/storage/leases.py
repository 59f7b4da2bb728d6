"""How long a worker holds a trial without a sign of life, on the database's clock."""

from sqlalchemy import Connection, bindparam, select, update

from tuner_service.domain.trial import Trial, TrialState
from tuner_service.storage.clock import now
from tuner_service.storage.tables import studies, trials
from tuner_service.storage.trials import HELD

_RENEW = update(trials).where(*HELD).values(lease_expires_at=now() + bindparam("lease_seconds"))


def renew(connection: Connection, trial: Trial, seconds: float) -> bool:
    """Let the lease end so many seconds from now; False if the attempt no longer holds the trial."""
    parameters = {
        "study": trial.study_id,
        "by_number": trial.number,
        "by_attempt": trial.attempt,
        "lease_seconds": seconds,
    }
    return connection.execute(_RENEW, parameters).rowcount == 1


def postpone_leases(connection: Connection, seconds: float) -> int:
    """Let all leases end later, but for those that are being renewed at this moment; how many there were."""
    held = (
        select(trials.c.id)
        .where(trials.c.state == TrialState.RUNNING)
        .with_for_update(skip_locked=True)
    )
    later = update(trials).where(trials.c.id.in_(held))
    return connection.execute(
        later.values(lease_expires_at=trials.c.lease_expires_at + seconds)
    ).rowcount


def expired(connection: Connection) -> list[tuple[str, int]]:
    """The running trials whose lease has run out on the database's clock: study's name and number."""
    query = (
        select(studies.c.name, trials.c.number)
        .join(studies)
        .where(trials.c.state == TrialState.RUNNING, trials.c.lease_expires_at < now())
    )
    return [(name, number) for name, number in connection.execute(query)]
