"""What workers say of the trials they hold: epochs, heartbeats, the end, or giving one back."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from tuner_service import wire
from tuner_service.domain.best import Best, best_so_far, better
from tuner_service.domain.study import Executor, Study, StudyState
from tuner_service.domain.trial import Epoch, Trial, TrialState, Verdict, finite
from tuner_service.errors import (
    EpochDiffers,
    EpochOutOfOrder,
    FinishDiffers,
    Invalid,
    NoResult,
    Problem,
    StaleAttempt,
    known,
)
from tuner_service.search import BY_RUNGS, Judgement, judge, may_prune
from tuner_service.service.change import change
from tuner_service.service.setup import Service
from tuner_service.service.work.attempts import first_line, give_back, lose
from tuner_service.service.work.held import ENDED_BY_SERVER, check_holder, held_trial
from tuner_service.storage import epochs, leases, studies, trials


def report_epoch(
    service: Service, name: str, number: int, report: wire.EpochReport, holder: int | None
) -> Verdict:
    """Record an epoch, renew the lease, and judge; repeating an epoch changes nothing.

    Raises StaleAttempt, EpochOutOfOrder, EpochDiffers, NotYourTrial.
    """
    epoch = Epoch(report.epoch, finite(report.metrics), report.seconds)
    with service.database.read() as connection:
        study, trial = held_trial(connection, name, number, report.attempt, holder)
        if trial.state is not TrialState.RUNNING:
            return ENDED_BY_SERVER[trial.state]
        if epoch.epoch < trial.epochs:
            _check_repeated(connection, study, trial, epoch)
            return _go_on(study)
        if epoch.epoch > trial.epochs:
            raise EpochOutOfOrder(name, number, epoch.epoch, trial.epochs)
        best = better(study.spec.objectives, best_so_far(trial), epoch)
        judgement = _judgement(service, connection, study, trial, epoch, best)
    with change(service, name) as current:
        advanced = epochs.advance(
            current.connection,
            trial,
            epoch,
            value=epoch.metrics.get(study.spec.objective.metric),
            best=best,
            model_parameters=report.model_parameters or trial.model_parameters,
            lease_expires_at=current.at + service.settings.lease_seconds,
        )
        if advanced is not None:
            current.tell_epoch(advanced, epoch)
            if judgement is None:
                return _go_on(current.study)
            pruned = current.end(advanced, TrialState.PRUNED)
            assert pruned is not None, "the row was just written in this transaction"
            current.remember(pruned, "pruned", judgement.reason)
            current.settle(pruned)
            return Verdict.PRUNE
    # Another request moved the trial on between reading and writing: look again.
    return report_epoch(service, name, number, report, holder)


def _judgement(
    service: Service,
    connection: Connection,
    study: Study,
    trial: Trial,
    epoch: Epoch,
    best: Best | None,
) -> Judgement | None:
    """Whether the trial ends with this epoch, which is about to be recorded."""
    pruning, metric = study.spec.pruning, study.spec.objective.metric
    # What was not reported is not NaN: there is nothing to judge.
    if pruning.algorithm == "none" or metric not in epoch.metrics:
        return None
    value = epoch.metrics[metric]
    history = service.histories.of(study).update(connection, study)
    best_value = best.value if best else None
    if not may_prune(pruning, history, trial.number, epoch.epoch, value, best_value):
        return None
    curve = [*epochs.curve(connection, trial), value]
    by_rungs = pruning.algorithm in BY_RUNGS
    running = epochs.of_open(connection, study, epoch.epoch) if by_rungs else {}
    return judge(pruning, history, trial.number, curve, running)


def heartbeat(
    service: Service, name: str, number: int, attempt: int, holder: int | None
) -> Verdict:
    """Renew the lease. Raises StaleAttempt, NotYourTrial."""
    with service.database.write() as connection:
        # Under the study's lock like every change, so that the reaper cannot take what is renewed at this moment.
        studies.lock(connection, name)
        study, trial = held_trial(connection, name, number, attempt, holder)
        if trial.state is not TrialState.RUNNING:
            return ENDED_BY_SERVER[trial.state]
        renewed = leases.renew(connection, trial, service.settings.lease_seconds)
        assert renewed, "the study's lock is held and the trial was read under it"
        return _go_on(study)


def finish(
    service: Service, name: str, number: int, result: wire.Finish, holder: int | None
) -> Trial:
    """End a trial with its result; the same again changes nothing.

    A completed trial whose objective is not finite ends as failed, saying so. A failed one is queued again where the
    study asks for that. Raises StaleAttempt, FinishDiffers, NoResult, Invalid, NotYourTrial.
    """
    digest = _digest(result.state, result.error, result.values)
    with change(service, name) as current:
        connection, study = current.connection, current.study
        trial = trials.get(connection, study, number)
        if trial.state is not TrialState.RUNNING and trial.attempt == result.attempt:
            if trial.finish_digest == digest:
                return trial
            if trial.finished_at is not None:
                raise FinishDiffers(name, number, trial.state)
        if trial.state is not TrialState.RUNNING or trial.attempt != result.attempt:
            raise StaleAttempt(name, number, result.attempt, trial.attempt, trial.state)
        check_holder(study, trial, holder)
        state, error, values = _outcome(connection, study, trial, result)
        if state is TrialState.FAILED and study.spec.retries_failed:
            return lose(current, trial, "failed", error or "", digest)
        ended = current.end(
            trial,
            state,
            error=error,
            value=None if values is None else values[study.spec.objective.metric],
            values=values,
            model_parameters=result.model_parameters or trial.model_parameters,
            digest=digest,
        )
        assert ended is not None, "the study's lock is held and the trial was read under it"
        told = error or result.detail
        current.remember(ended, state.value, first_line(told) if told else None)
        current.settle(ended)
        return ended


def release(
    service: Service, name: str, number: int, given: wire.Release, holder: int | None
) -> Trial:
    """Queue a trial again, unharmed, or as one whose attempt died; the same again changes nothing.

    Raises StaleAttempt, NotYourTrial.
    """
    digest = _digest("released", given.error, None)
    with change(service, name) as current:
        trial = trials.get(current.connection, current.study, number)
        if trial.attempt == given.attempt and trial.finish_digest == digest:
            return trial
        if trial.state is not TrialState.RUNNING or trial.attempt != given.attempt:
            raise StaleAttempt(name, number, given.attempt, trial.attempt, trial.state)
        check_holder(current.study, trial, holder)
        if given.error is None:
            is_paused = current.study.state is StudyState.PAUSED
            why = "given back: the study is paused" if is_paused else "given back by its worker"
            return give_back(current, trial, "released", why, digest=digest)
        return lose(current, trial, "died", _clean(given.error), digest)


def _go_on(study: Study) -> Verdict:
    return Verdict.PAUSE if study.state is StudyState.PAUSED else Verdict.CONTINUE


def _check_repeated(connection: Connection, study: Study, trial: Trial, epoch: Epoch) -> None:
    known_epoch = epochs.epoch(connection, trial, epoch.epoch)
    if known_epoch is None or dict(known_epoch.metrics) != dict(epoch.metrics):
        raise EpochDiffers(study.name, trial.number, epoch.epoch)


def _outcome(
    connection: Connection, study: Study, trial: Trial, result: wire.Finish
) -> tuple[TrialState, str | None, Mapping[str, float] | None]:
    """How the trial ends: its state, error and values."""
    if result.state == "failed":
        error = _clean(result.error or "")
        return TrialState.FAILED, error or "the worker gave no reason", trial.values
    if result.values is None:
        if trial.values is None:
            return TrialState.FAILED, _why_no_epoch_counts(connection, study, trial), None
        return TrialState.COMPLETED, None, trial.values
    values = _given_values(study, result)
    for metric, value in values.items():
        if value is None or not math.isfinite(value):
            told = "" if value is None else f": {value}"
            return TrialState.FAILED, f"objective {metric} is not finite{told}", None
    return TrialState.COMPLETED, None, {m: v for m, v in values.items() if v is not None}


def _why_no_epoch_counts(connection: Connection, study: Study, trial: Trial) -> str:
    """Which objective never was finite. Raises NoResult if one was in none of the epochs."""
    reported = [epoch.metrics for epoch in epochs.all_epochs(connection, trial)]
    metrics = [objective.metric for objective in study.spec.objectives]
    for metric in metrics:
        if not any(metric in told for told in reported):
            raise NoResult(trial.number, metric)
    for metric in metrics:
        if all(told.get(metric) is None for told in reported):
            return f"{metric} was not finite in any epoch"
    return f"in no epoch were {' and '.join(metrics)} finite together"


def _given_values(study: Study, result: wire.Finish) -> dict[str, float | None]:
    """The values by metric, exactly the objectives. Raises Invalid."""
    metrics = [objective.metric for objective in study.spec.objectives]
    if study.spec.executor is not Executor.EXTERNAL:
        msg = 'only external studies are given "values"; here the best reported epoch counts'
        raise Invalid([Problem(("values",), msg)])
    values = result.values
    if isinstance(values, float):
        values = [values]
    if isinstance(values, list):
        if len(values) != len(metrics):
            msg = f"got {len(values)} values; the objectives are {', '.join(metrics)}"
            raise Invalid([Problem(("values",), msg)])
        return dict(zip(metrics, values, strict=True))
    assert values is not None
    problems = [
        Problem(("values", metric), f'no value for the objective "{metric}"')
        for metric in metrics
        if metric not in values
    ]
    problems += [
        Problem(("values", metric), f'"{metric}" is not an objective; those are: {known(metrics)}')
        for metric in values
        if metric not in metrics
    ]
    if problems:
        raise Invalid(problems)
    return {metric: values[metric] for metric in metrics}


def _clean(error: str) -> str:
    return error.replace("\0", "")  # no database takes a NUL


def _digest(state: str, error: str | None, values: Any) -> str:
    """Two ends of an attempt are the same if they say the same of the trial."""
    content = json.dumps([state, error, values], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
