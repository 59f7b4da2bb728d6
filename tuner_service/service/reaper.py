"""What happens without anyone asking: leases that ran out, time budgets that are spent, keys nobody repeats."""

import logging

from tuner_service.domain.study import StudyState
from tuner_service.domain.trial import TrialState
from tuner_service.errors import UnknownStudy, UnknownTrial
from tuner_service.service.change import change
from tuner_service.service.setup import Service
from tuner_service.storage import claims, studies, trials

KEYS_KEPT_SECONDS = 7 * 86_400.0

log = logging.getLogger(__name__)


def reap(service: Service) -> int:
    """Queue again every trial whose lease ran out, on the database's clock; how many there were."""
    with service.database.read() as connection:
        expired = trials.expired(connection)
        running = studies.names_in(connection, (StudyState.RUNNING, StudyState.PAUSED))
        limited = [n for n in running if studies.get(connection, n).budget.seconds is not None]
    reaped = 0
    for name, number in expired:
        try:
            reaped += _requeue(service, name, number)
        except (UnknownStudy, UnknownTrial):
            continue  # deleted meanwhile
    for name in limited:
        _close_if_out_of_time(service, name)
    return reaped


def forget_old_keys(service: Service) -> None:
    """Drop the idempotency keys of old claims."""
    with service.database.write() as connection:
        claims.forget_older(connection, KEYS_KEPT_SECONDS)


def _requeue(service: Service, name: str, number: int) -> bool:
    with change(service, name) as current:
        trial = trials.get(current.connection, current.study, number)
        lease = trial.lease_expires_at
        if trial.state is not TrialState.RUNNING or lease is None or lease >= current.at:
            return False  # it was renewed or ended since we looked
        queued = trials.requeue(current.connection, trial)
        assert queued is not None, "the study's lock is held and the trial was read under it"
        current.remember(trial, "lease_lost", f"no sign of life from {trial.worker}")
        current.tell_trial(queued)
        log.info("study %s trial %d: lease of %s ran out", name, number, trial.worker)
        return True


def _close_if_out_of_time(service: Service, name: str) -> None:
    try:
        with change(service, name) as current:
            if current.study.out_of_time(current.at):
                current.settle()
    except UnknownStudy:
        return
