"""The default candidate, built once by a worker before a study's first trial."""

from tuner_service import wire
from tuner_service.domain.metrics import unknown_metrics
from tuner_service.domain.study import StudyState
from tuner_service.domain.trial import TrialState, Verdict
from tuner_service.service.change import Change, change
from tuner_service.service.setup import Service
from tuner_service.service.work.held import held_trial
from tuner_service.storage import studies


def report(
    service: Service, name: str, number: int, found: wire.PreflightReport, holder: int | None
) -> Verdict:
    """Keep what a worker found out. A study whose model cannot be trained, or judged, ends as failed, saying why.

    Only the first report counts; repeating it changes nothing. Raises StaleAttempt, NotYourTrial.
    """
    with change(service, name) as current:
        _, trial = held_trial(current.connection, name, number, found.attempt, holder)
        if trial.state is not TrialState.RUNNING or current.study.state is not StudyState.RUNNING:
            return (
                Verdict.PAUSE
                if current.study.state is StudyState.PAUSED and trial.finished_at is None
                else Verdict.CANCEL
            )
        if current.study.preflight is not None:
            return Verdict.CONTINUE
        if found.preflight is not None:
            preflight = found.preflight.model_dump(mode="json")
            studies.set_preflight(current.connection, current.study, preflight)
            current.study = studies.get(current.connection, name)
        if (reason := _objection(current, found)) is None:
            current.tell_study()
            return Verdict.CONTINUE
        current.transit("failed", reason)
        current.cancel_open_trials("the study failed")
        current.tell_study()
    return Verdict.CANCEL


def _objection(current: Change, found: wire.PreflightReport) -> str | None:
    if found.preflight is None:
        return f"the default candidate cannot be trained: {found.error}"
    if not found.preflight.metrics:
        return None  # a fit of the user's own decides about them
    spec = current.study.spec
    objectives = [{"metric": objective.metric} for objective in spec.objectives]
    problems = unknown_metrics(objectives, spec.training, found.preflight.metrics)
    return "; ".join(problem.msg for problem in problems) or None
