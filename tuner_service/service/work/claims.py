"""Handing out trials: queued ones first, then the search's next candidate."""

import hashlib
import logging
from dataclasses import dataclass

from sqlalchemy import Connection

from tuner_service import wire
from tuner_service.domain import training
from tuner_service.domain.study import OVER, Executor, Study, StudyState
from tuner_service.domain.trial import Origin, Trial, TrialState
from tuner_service.errors import KeyReused, StaleAttempt, TunerError, UnknownWorker
from tuner_service.search import Question, Suggestion, has_engine, needs_history, suggest
from tuner_service.service.change import Change, change
from tuner_service.service.data.catalogue import serves
from tuner_service.service.memory.histories import past
from tuner_service.service.setup import Service
from tuner_service.service.views import Json
from tuner_service.service.work.attempts import from_epoch, resume_of
from tuner_service.storage import claims, studies, trials, workers
from tuner_service.storage.claims import Claimed, KeyTaken
from tuner_service.storage.engine import WouldWait, in_turn, unhurried
from tuner_service.storage.trials import Claim

log = logging.getLogger(__name__)

ROUNDS = 8
"""How often a claim tries again after another one took the trial that it had in mind."""
TURN_SECONDS = 5.0
"""So long a claim stands in line at a study before it looks at the next one: a search may take seconds, and each that
waits for it has a thread that claims of other studies want. A claim that names its study has no other."""


def claim(service: Service, request: wire.ClaimRequest, holder: int | None) -> Json | None:
    """A trial to work on, under the next attempt and with a lease; None if there is no work now.

    The same key gets the same trial again, and StaleAttempt once that was lost. Raises KeyReused, UnknownStudy,
    UnknownWorker, EngineMissing.
    """
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    with service.database.read() as connection:
        if (before := claims.get(connection, request.key)) is not None:
            if before.body_digest != digest:
                raise KeyReused(request.key, ("key",))
            study, trial = trials.by_id(connection, before.trial_id)
            if trial.attempt != before.attempt or trial.state is TrialState.QUEUED:
                raise StaleAttempt(
                    study.name, trial.number, before.attempt, trial.attempt, trial.state
                )
            return _reply(service, study, trial)
        candidates = _studies_to_serve(connection, request)
    failure: Exception | None = None
    for study in candidates:
        try:
            taken = _claim_from(service, study, request, digest, holder)
        except KeyTaken:
            return claim(service, request, holder)
        except (TunerError, WouldWait):
            raise
        except Exception as error:
            # A search that fails must not keep everybody from the other studies.
            log.exception('study "%s" has no candidate', study.name)
            failure = error
            continue
        if taken is not None:
            return _reply(service, study, taken)
    if failure is not None:
        raise failure
    if candidates and _is_taken(service, request.key):
        return claim(service, request, holder)
    return None


def _is_taken(service: Service, key: str) -> bool:
    """Whether the same request came twice at once, and the other one was quicker: its trial is the answer."""
    with service.database.read() as connection:
        return claims.get(connection, key) is not None


def _studies_to_serve(connection: Connection, request: wire.ClaimRequest) -> list[Study]:
    """The studies to look at, in order. Raises UnknownStudy, UnknownWorker."""
    named = None if request.study is None else studies.get(connection, request.study)
    if named is not None and named.spec.executor is Executor.EXTERNAL:
        return [named]
    worker = _registered(connection, request.worker)
    if named is not None:  # what it lacks to be searched it says itself
        return [named] if serves(worker, named) else []
    return [
        study
        for study in studies.with_work(connection, Executor.KERAS)
        if serves(worker, study) and has_engine(study.spec.search.options.get("engine"))
    ]


def _registered(connection: Connection, name: str) -> workers.Worker:
    worker = workers.get(connection, name)
    if worker is None:
        raise UnknownWorker(name)
    return worker


def _reply(service: Service, study: Study, trial: Trial) -> Json:
    resume, preflight = _beginning(service, study, trial)
    return {
        "study": study.name,
        "number": trial.number,
        "attempt": trial.attempt,
        "parameters": {
            name: value
            for name, value in trial.parameters.items()
            if not name.startswith(training.PREFIX)
        }
        if study.spec.executor is Executor.KERAS
        else trial.parameters,
        "training": training.resolved(study.spec.training, trial.parameters),
        "lease_seconds": service.settings.lease_seconds,
        "resume": resume,
        "checkpoint_seconds": service.settings.checkpoint_seconds,
        "executor": study.spec.executor,
        "search_space": study.spec.search_space,
        "dataset": study.spec.dataset,
        "objectives": [
            {"metric": objective.metric, "direction": objective.direction}
            for objective in study.spec.objectives
        ],
        "seed": (study.spec.search.seed + trial.number) % 2**32,
        "data": study.data,
        "preflight": preflight,
    }


def _beginning(service: Service, study: Study, trial: Trial) -> tuple[Json | None, Json | None]:
    """The checkpoint to go on from, and the default candidate to be built before."""
    preflight_due = study.preflight is None and study.spec.executor is Executor.KERAS
    if trial.checkpoint is None and not preflight_due:
        return None, None
    with service.database.read() as connection:
        preflight = _preflight(connection, study, trial) if preflight_due else None
        return resume_of(connection, trial), preflight


def _preflight(connection: Connection, study: Study, trial: Trial) -> Json | None:
    """The default candidate to be built, until one was; by whoever has the first of the running trials."""
    if any(other.number < trial.number for other in trials.running(connection, study)):
        return None
    values = study.space.defaults()
    return {
        "parameters": {n: v for n, v in values.items() if not n.startswith(training.PREFIX)},
        "training": training.resolved(study.spec.training, values),
    }


@dataclass(frozen=True)
class _Plan:
    """What a claim would hand out, as the study stood when it was read.

    ``question`` is what to ask the search; None if the queued trial has its candidate.
    """

    number: int
    queued: Trial | None
    question: Question | None


def _claim_from(
    service: Service, study: Study, request: wire.ClaimRequest, digest: str, holder: int | None
) -> Trial | None:
    """Claim a trial of this study; None if it has none to give, or none soon."""
    entry = service.histories.of(study)
    # One ask at a time: the next one is to see the candidate of this one as running.
    with in_turn(entry.asking, TURN_SECONDS if request.study is None else None) as my_turn:
        if not my_turn:
            return None
        for _ in range(ROUNDS):
            with service.database.snapshot() as connection:
                study = studies.get(connection, study.name)
                plan = _plan(connection, study)
                if plan is None:
                    return None
                search = study.spec.search
                learns = needs_history(search, study.space)
                history = entry.history
                if plan.question is not None and (learns or search.algorithm != "random"):
                    # Its history may have to be read first, or libraries to be imported.
                    unhurried()
                if plan.question is not None and learns:
                    history = entry.update(connection, study)
            suggestion: Suggestion | None = None
            if plan.question is not None:
                suggestion = suggest(history, plan.question)
                # What a user queued is trained even if it was tried before.
                if suggestion.exhausted and plan.queued is None:
                    exhausted(service, study.name)
                    return None
            with change(service, study.name) as current:
                taken = _take(service, current, plan, suggestion, request, holder)
                if taken is not None:
                    claims.add(
                        current.connection,
                        request.key,
                        Claimed(digest, taken.id, taken.attempt),
                        current.at,
                    )
                    if study.spec.executor is Executor.KERAS:  # others are claimed by name
                        studies.note_served(current.connection, study, current.at)
                    told = None if suggestion is None else _drawn_anew(suggestion)
                    current.remember(taken, "claimed", told)
                    if taken.checkpoint is not None:
                        current.remember(taken, "resumed", from_epoch(taken.checkpoint))
                    current.tell_trial(taken)
                    return taken
    return None


def _plan(connection: Connection, study: Study) -> _Plan | None:
    if study.state is not StudyState.RUNNING:
        return None
    most = study.spec.max_parallel
    if most is not None and trials.running_count(connection, study) >= most:
        return None
    queued = trials.first_queued(connection, study)
    if queued is None and study.budget_spent:
        return None
    number = study.next_number if queued is None else queued.number
    if queued is not None and "history" in queued.notes:
        return _Plan(number, queued, question=None)
    running = []
    if needs_history(study.spec.search, study.space):
        running = [past(study, trial, []) for trial in trials.running(connection, study)]
    fixed = {} if queued is None else queued.parameters
    return _Plan(number, queued, Question(number, study.revision, running, fixed))


def _take(
    service: Service,
    current: Change,
    plan: _Plan,
    suggestion: Suggestion | None,
    request: wire.ClaimRequest,
    holder: int | None,
) -> Trial | None:
    """Commit the plan, unless the study has moved on meanwhile."""
    study, connection = current.study, current.connection
    if study.state is not StudyState.RUNNING:
        return None
    if study.out_of_time(current.at):
        current.settle()
        return None
    most = study.spec.max_parallel
    if most is not None and trials.running_count(connection, study) >= most:
        return None
    claim = Claim(request.worker, holder, current.at, current.at + service.settings.lease_seconds)
    if plan.queued is not None:
        parameters = suggestion.parameters if suggestion else plan.queued.parameters
        notes = suggestion.notes if suggestion else plan.queued.notes
        return trials.start(connection, plan.queued, claim, parameters=parameters, notes=notes)
    assert suggestion is not None
    if not studies.take_number(connection, study, plan.number):
        return None
    return trials.add(
        connection,
        study,
        number=plan.number,
        origin=Origin.SEARCH,
        parameters=suggestion.parameters,
        notes=suggestion.notes,
        claim=claim,
    )


def _drawn_anew(suggestion: Suggestion) -> str | None:
    """What the trial's history says of the duplicates that the search came upon."""
    duplicates = suggestion.notes.get("duplicates")
    if not duplicates:
        return None
    if suggestion.exhausted:
        return "tried before: there is no other candidate with what the user chose"
    trials_ = "trial" if len(duplicates) == 1 else "trials"
    return f"drawn anew: {trials_} {', '.join(map(str, duplicates))} had what was drawn first"


def exhausted(service: Service, name: str) -> None:
    """Every candidate has been handed out: the budget ends here."""
    with change(service, name) as current:
        study = current.study
        if study.state in OVER:  # another server, or a user, was quicker
            return
        studies.set_budget(current.connection, study, study.next_number)
        current.study = studies.get(current.connection, name)
        reason = "every candidate has been tried"
        if not current.complete_if_idle(reason):
            # What still runs completes it, for this reason.
            current.give_reason(reason)
