"""Who holds a trial: the attempt as fencing token, and the token that claimed it."""

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial, TrialState, Verdict
from tuner_service.errors import NotYourTrial, StaleAttempt
from tuner_service.storage import trials

ENDED_BY_SERVER = {TrialState.PRUNED: Verdict.PRUNE, TrialState.CANCELLED: Verdict.CANCEL}


def held_trial(
    connection: Connection, name: str, number: int, attempt: int, holder: int | None
) -> tuple[Study, Trial]:
    """The trial, if this attempt holds it or held it until the server ended it. Raises StaleAttempt, NotYourTrial."""
    study, trial = trials.with_study(connection, name, number)
    held = trial.state is TrialState.RUNNING or trial.state in ENDED_BY_SERVER
    if not held or trial.attempt != attempt:
        raise StaleAttempt(name, number, attempt, trial.attempt, trial.state)
    check_holder(study, trial, holder)
    return study, trial


def check_holder(study: Study, trial: Trial, holder: int | None) -> None:
    """Raises NotYourTrial."""
    # After the attempt was found current: whoever lost a trial must hear that, and not that it is another's.
    if holder is not None and trial.holder != holder:
        raise NotYourTrial(study.name, trial.number)
