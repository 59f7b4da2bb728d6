"""How a study stands, put together from its events. No terminal."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tuner_service.client.events import EpochEvent, Event, ReportedEpoch, StudyEvent, TrialEvent
from tuner_service.domain.standing import Ended, Standing, later
from tuner_service.domain.study import Direction, Objective, StudyState
from tuner_service.domain.trial import FINISHED, TrialState
from tuner_service.wire import StudyReply, TrialReply


class Progress:
    """A study as of the last event that was applied: what runs, what has ended, what is best."""

    def __init__(self, study: StudyReply, *, clock: Callable[[], datetime]) -> None:
        self.study = study
        self.running: dict[int, TrialReply] = {}
        self.last_epochs: dict[int, ReportedEpoch] = {}
        self.ended: Counter[TrialState] = Counter()
        self.best: TrialReply | None = None
        """The best completed trial by the first objective; the one with the lower number of equals."""
        self._standing = Standing()
        self._in_flight = 0
        self._clock = clock

    def apply(self, event: Event) -> None:
        match event:
            case StudyEvent():
                self.study = event.data
            case EpochEvent():
                self.last_epochs[event.data.number] = event.data
            case TrialEvent():
                self._apply_trial(event.data)

    def _apply_trial(self, trial: TrialReply) -> None:
        if trial.state is TrialState.RUNNING:
            self.running[trial.number] = trial
        else:
            self.running.pop(trial.number, None)
            self.last_epochs.pop(trial.number, None)
        if trial.state not in FINISHED:
            self._in_flight = len(self.running)
            return
        # One that ended still counts as in flight: its slot claims the next within moments.
        self.ended[trial.state] += 1
        self._standing = later(self._standing, self.objective, [self._end(trial)])
        if trial.state is TrialState.COMPLETED and self._beats_best(trial):
            self.best = trial

    def _end(self, trial: TrialReply) -> Ended:
        at = 0.0 if trial.finished_at is None else trial.finished_at.timestamp()
        return Ended(trial.number, trial.state, self.value(trial), trial.seconds, at, revision=0)

    def _beats_best(self, trial: TrialReply) -> bool:
        mine, best = self.value(trial), None if self.best is None else self.value(self.best)
        if mine is None:
            return False
        if self.best is not None and mine == best:
            return trial.number < self.best.number
        return self.objective.better(mine, than=best)

    @property
    def objective(self) -> Objective:
        first: dict[str, Any] = self.study.spec["objectives"][0]
        return Objective(first["metric"], Direction(first["direction"]))

    def value(self, trial: TrialReply) -> float | None:
        """A trial's first objective."""
        return (trial.values or {}).get(self.objective.metric)

    @property
    def budget(self) -> int:
        return self.study.progress.budget

    @property
    def done(self) -> int:
        return self.ended.total()

    @property
    def seconds_left(self) -> float | None:
        """The estimate of the pages, from how long the last trials took; None without an honest one."""
        unended = self.budget - self.done
        if self.study.state is not StudyState.RUNNING or unended <= 0:
            return None
        estimate = self._standing.seconds_left(
            unended=unended, running=min(self._in_flight, unended)
        )
        seconds: float | None = self.study.spec["budget"].get("seconds")
        if seconds is None:
            return estimate
        used = (self._clock() - self.study.created_at).total_seconds()
        until = max(0.0, seconds - used)
        return until if estimate is None else min(estimate, until)

    def epochs_of(self, trial: TrialReply) -> int | None:
        """The most epochs that a trial may train; None where the study does not say."""
        most = (self.study.spec.get("training") or {}).get("epochs")
        if isinstance(most, dict):
            most = trial.parameters.get("training.epochs")
        return int(most) if isinstance(most, int | float) else None
