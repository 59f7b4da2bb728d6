"""Steering studies: what users change of one that is open."""

from dataclasses import replace

from tuner_service.domain.study import EXTENDABLE, StudyState
from tuner_service.domain.trial import Origin, TrialState
from tuner_service.errors import (
    BudgetSpent,
    Conflict,
    IllegalTransition,
    Invalid,
    Problem,
    TrialsRunning,
)
from tuner_service.service.change import Change, change
from tuner_service.service.data import catalogue
from tuner_service.service.files.discarded import remove_discarded
from tuner_service.service.setup import Service
from tuner_service.service.views import Json, study_json, trial_json
from tuner_service.storage import artifacts, datasets, studies, trials
from tuner_service.wire import Candidate

MOST_TRIALS = 10_000_000


def pause(service: Service, name: str) -> Json:
    """Hand out nothing more; running trials are told to give their slots back. Raises IllegalTransition."""
    with change(service, name) as current:
        current.transit("paused")
        return _told(current)


def resume(service: Service, name: str) -> Json:
    """Raises IllegalTransition."""
    with change(service, name) as current:
        current.transit("resumed")
        return _told(current)


def cancel(service: Service, name: str) -> Json:
    """End the study and all its open trials at once. Raises IllegalTransition."""
    with change(service, name) as current:
        current.transit("cancelled")
        current.cancel_open_trials("the study was cancelled")
        return _told(current)


def extend(service: Service, name: str, more: int) -> Json:
    """Add to the budget; a completed study runs again. Raises IllegalTransition."""
    with change(service, name) as current:
        _extend(current, more)
        return _told(current)


def _extend(current: Change, more: int) -> None:
    study = current.study
    if study.state not in EXTENDABLE:
        raise IllegalTransition(f'study "{study.name}"', study.state, "extended", EXTENDABLE)
    if study.out_of_time(current.at):
        spent = f"{study.budget.seconds:g} s"
        raise Conflict(
            f'the time budget of study "{study.name}", {spent}, is spent', code="budget_spent"
        )
    if study.budget.trials + more > MOST_TRIALS:
        msg = f"a study has at most {MOST_TRIALS} trials, this one has {study.budget.trials}"
        raise Invalid([Problem(("trials",), msg)])
    studies.set_budget(current.connection, study, study.budget.trials + more)
    if study.state is StudyState.COMPLETED:
        _check_data(current)
        study = replace(study, state=StudyState.RUNNING)
    studies.set_state(current.connection, study, study.state, None)
    current.study = studies.get(current.connection, study.name)
    # Reading it again must not move the number that the change's events begin with.
    assert current.study.revision == study.revision


def _check_data(current: Change) -> None:
    """Uploaded data may have gone since the study was over; from here on it is in use again. Raises Conflict."""
    data = current.study.data
    if data is None or not catalogue.is_upload(data):
        return
    held = datasets.hold(current.connection, data["name"])
    if held is None or held.sha256 != data["sha256"]:
        raise Conflict(
            f'dataset "{data["name"]}" was deleted or replaced since study "{current.study.name}" was over; '
            "upload the same file again, or open a new study",
            code="dataset_gone",
        )


def _told(current: Change) -> Json:
    current.tell_study()
    return study_json(current.connection, current.study)


def delete(service: Service, name: str) -> None:
    """Delete a study with its trials and artifacts. Raises TrialsRunning."""
    with service.database.write() as connection:
        study, _ = studies.lock(connection, name)
        running = trials.running_count(connection, study)
        if running:
            raise TrialsRunning(name, running)
        artifacts.drop_all(connection, study)
        studies.remove(connection, study)
    remove_discarded(service.database, service.store)
    service.bell.ring(study.id)


def queue_candidate(service: Service, name: str, candidate: Candidate) -> Json:
    """Queue this candidate as the next trial; missing parameters are searched when it is claimed.

    With ``candidate.extend`` a budget that is spent grows by one, in the same step: an extended study's idle workers
    would be quicker. Raises Invalid, BudgetSpent, IllegalTransition.
    """
    with change(service, name) as current:
        study = current.study
        study.space.check(candidate.parameters, at=("parameters",))
        if candidate.extend and study.budget_spent and study.state in EXTENDABLE:
            _extend(current, 1)
            current.tell_study()
            study = current.study
        if study.state not in (StudyState.RUNNING, StudyState.PAUSED):
            if study.state is StudyState.COMPLETED:
                raise BudgetSpent(name, study.budget.trials)
            allowed = (StudyState.RUNNING, StudyState.PAUSED)
            raise IllegalTransition(f'study "{name}"', study.state, "given a candidate", allowed)
        if study.budget_spent:
            raise BudgetSpent(name, study.budget.trials)
        number = study.next_number
        studies.take_number(current.connection, study, number)
        trial = trials.add(
            current.connection,
            study,
            number=number,
            origin=Origin.USER,
            parameters=candidate.parameters,
            notes={},
        )
        current.remember(trial, "queued", "by a user")
        current.tell_trial(trial)
    return trial_json(name, trial)


def cancel_trial(service: Service, name: str, number: int) -> Json:
    """End one trial. Raises IllegalTransition if it has ended already."""
    with change(service, name) as current:
        trial = trials.get(current.connection, current.study, number)
        ended = current.end(trial, TrialState.CANCELLED) if trial.finished_at is None else None
        if ended is None:
            thing = f'trial {number} of study "{name}"'
            raise IllegalTransition(thing, trial.state, "cancelled", ("queued", "running"))
        current.remember(ended, "cancelled", "by a user")
        current.settle(ended)
        return trial_json(name, ended)
