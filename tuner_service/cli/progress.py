"""How a study stands, put together from its events. No clock, no terminal."""

from collections import Counter
from datetime import datetime
from typing import Any

from tuner_service.client.events import EpochEvent, Event, ReportedEpoch, StudyEvent, TrialEvent
from tuner_service.domain.study import Direction, Objective
from tuner_service.domain.trial import FINISHED, TrialState
from tuner_service.wire import StudyReply, TrialReply


class Progress:
    """A study as of the last event that was applied: what runs, what has ended, what is best."""

    def __init__(self, study: StudyReply) -> None:
        self.study = study
        self.running: dict[int, TrialReply] = {}
        self.last_epochs: dict[int, ReportedEpoch] = {}
        self.ended: Counter[TrialState] = Counter()
        self.best: TrialReply | None = None
        """The best completed trial by the first objective; the one with the lower number of equals."""
        self._first_start: datetime | None = None
        self._last_end: datetime | None = None

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
        if trial.started_at is not None:
            self._first_start = min(self._first_start or trial.started_at, trial.started_at)
        if trial.state not in FINISHED:
            return
        self.ended[trial.state] += 1
        if trial.finished_at is not None:
            self._last_end = max(self._last_end or trial.finished_at, trial.finished_at)
        if trial.state is TrialState.COMPLETED and self._beats_best(trial):
            self.best = trial

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
        """An estimate: the rest of the budget at the pace so far; None before a first trial ended."""
        if self._first_start is None or self._last_end is None:
            return None
        spent = (self._last_end - self._first_start).total_seconds()
        return spent / self.done * max(self.budget - self.done, 0)

    def epochs_of(self, trial: TrialReply) -> int | None:
        """The most epochs that a trial may train; None where the study does not say."""
        most = (self.study.spec.get("training") or {}).get("epochs")
        if isinstance(most, dict):
            most = trial.parameters.get("training.epochs")
        return int(most) if isinstance(most, int | float) else None
