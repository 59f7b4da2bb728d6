"""What happens without anyone asking: leases that ran out, time budgets that are spent, what nobody needs any more."""

import logging

from tuner_service.errors import Unavailable, UnknownStudy, UnknownTrial
from tuner_service.service.change import change
from tuner_service.service.files.discarded import remove_discarded
from tuner_service.service.setup import Service
from tuner_service.service.work.attempts import lose
from tuner_service.storage import claims, leases, loads, pulse, studies, trials

KEYS_KEPT_SECONDS = 7 * 86_400.0

log = logging.getLogger(__name__)


def round_seconds(lease_seconds: float) -> float:
    """How often to reap."""
    return min(5.0, lease_seconds / 4)


def reap(service: Service) -> int:
    """Take back every trial whose lease ran out, on the database's clock; how many there were."""
    began = _make_good(service)
    with service.database.read() as connection:
        expired = leases.expired(connection)
        late = studies.out_of_time(connection)
    reaped = 0
    for name, number in expired:
        try:
            reaped += _take_back(service, name, number, began)
        except (UnknownStudy, UnknownTrial):
            continue  # deleted meanwhile
        except Unavailable as error:  # somebody holds this study; the others must not wait
            log.warning("study %s: %s", name, error.message)
    for name in late:
        _close_if_out_of_time(service, name)
    return reaped


def tidy(service: Service) -> None:
    """Drop what is only kept for a while: keys of old claims, the fleet's load, uploads that were never finished."""
    with service.database.write() as connection:
        claims.forget_older(connection, KEYS_KEPT_SECONDS)
        loads.forget_older(connection)
    service.store.sweep()


def discard(service: Service) -> None:
    """Remove the files that no row names any more."""
    remove_discarded(service.database, service.store)


def _make_good(service: Service) -> float:
    """Let no lease run while nobody could renew it: the servers were down, or the database was away.

    The moment of this look, in seconds since the epoch.
    """
    lease_seconds = service.settings.lease_seconds
    with service.database.write() as connection:
        before, at = pulse.beat(connection)
        # Below 0 the database's clock was set back; and before the very first beat nobody knows since when.
        gap = at - before if before else lease_seconds
        if before and abs(gap) <= 2 * round_seconds(lease_seconds):
            return at
        count = leases.postpone_leases(connection, gap)
    if count:
        log.warning("away for %.1f s: %d leases end so much later", gap, count)
    return at


def _take_back(service: Service, name: str, number: int, began: float) -> bool:
    with change(service, name) as current:
        trial = trials.get(current.connection, current.study, number)
        lease = trial.lease_expires_at
        if trial.finished_at is not None or lease is None or lease >= current.at:
            return False  # it was renewed or ended since we looked
        if current.at - began > 2 * round_seconds(service.settings.lease_seconds):
            return False  # this process was stopped meanwhile; the next look makes that good first
        lose(current, trial, "lease_lost", f"no sign of life from {trial.worker}")
        log.info("study %s trial %d: lease of %s ran out", name, number, trial.worker)
        return True


def _close_if_out_of_time(service: Service, name: str) -> None:
    try:
        with change(service, name) as current:
            if current.study.out_of_time(current.at):
                current.settle()
    except UnknownStudy:
        return
    except Unavailable as error:
        log.warning("study %s: %s", name, error.message)
