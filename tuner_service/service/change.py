"""A change to one study: taken under its lock, committed with its events, then told to those who wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from tuner_service.domain.events import EventKind
from tuner_service.domain.study import FAILURES_IN_A_ROW, OVER, TRANSITIONS, Study, StudyState
from tuner_service.domain.trial import Epoch, Happening, Trial, TrialState
from tuner_service.errors import IllegalTransition
from tuner_service.service.memory.bell import WORK
from tuner_service.service.setup import Service
from tuner_service.service.views import Json, epoch_json, study_json, text, trial_json
from tuner_service.storage import artifacts, events, happenings, studies, trials


@dataclass
class Change:
    """One transaction on a locked study. ``at`` is the database's time, ``revision`` the change's number."""

    connection: Connection
    study: Study
    at: float
    _events: list[tuple[EventKind, str]] = field(default_factory=list)

    @property
    def revision(self) -> int:
        return self.study.revision

    def tell_trial(self, trial: Trial) -> None:
        self._events.append((EventKind.TRIAL, text(trial_json(self.study.name, trial))))

    def tell_epoch(self, trial: Trial, epoch: Epoch) -> None:
        body: Json = {"study": self.study.name, "number": trial.number, "attempt": trial.attempt}
        self._events.append((EventKind.EPOCH, text(body | epoch_json(epoch))))

    def tell_study(self) -> None:
        self._events.append((EventKind.STUDY, text(study_json(self.connection, self.study))))

    def remember(
        self, trial: Trial, what: str, detail: str | None = None, epochs: tuple[Epoch, ...] = ()
    ) -> None:
        """Write a line of the trial's history, under the worker that holds or held it."""
        happening = Happening(self.at, what, trial.worker, trial.attempt, detail, epochs)
        happenings.remember(self.connection, trial, happening)

    def transit(self, action: str, reason: str | None = None) -> None:
        """Take the study to another state; unless that ends it, why it will end stays. Raises IllegalTransition."""
        allowed, state = TRANSITIONS[action]
        if self.study.state not in allowed:
            raise IllegalTransition(f'study "{self.study.name}"', self.study.state, action, allowed)
        if state not in OVER:
            reason = reason or self.study.reason
        studies.set_state(self.connection, self.study, state, reason)
        self.study = replace(self.study, state=state, reason=reason)

    def give_reason(self, reason: str) -> None:
        """Say why the study will end, or stands as it does."""
        studies.set_state(self.connection, self.study, self.study.state, reason)
        self.study = replace(self.study, reason=reason)
        self.tell_study()

    def end(self, trial: Trial, state: TrialState, **result: Any) -> Trial | None:
        """End a trial with what it is worth; None if it is no longer as it was read."""
        ended = trials.end(
            self.connection,
            trial,
            state,
            **{
                "error": None,
                "value": trial.value,
                "values": trial.values,
                "model_parameters": trial.model_parameters,
                "digest": None,
                "deaths": trial.deaths,
                **result,
            },
            at=self.at,
            revision=self.revision,
        )
        if ended is not None:
            if self.study.ended_revision != self.revision:
                studies.note_end(self.connection, self.study)
                self.study = replace(self.study, ended_revision=self.revision)
            if ended.checkpoint is not None:
                # An ended trial goes on nowhere.
                checkpoints = artifacts.checkpoints(self.connection, ended)
                artifacts.drop(self.connection, ended, checkpoints)
            self.tell_trial(ended)
        return ended

    def cancel_open_trials(self, why: str) -> None:
        for trial in trials.all_open(self.connection, self.study):
            if self.end(trial, TrialState.CANCELLED) is not None:
                self.remember(trial, "cancelled", why)

    def settle(self, ended: Trial | None = None) -> None:
        """After trials ended: complete the study if nothing is left to do, or fail it if nothing works."""
        study = self.study
        if study.state in OVER:
            return
        if ended is not None and ended.state is TrialState.FAILED:
            counts = studies.counts(self.connection, study)
            succeeded = counts[TrialState.COMPLETED] + counts[TrialState.PRUNED]
            if not succeeded and counts[TrialState.FAILED] >= FAILURES_IN_A_ROW:
                reason = (
                    f"{counts[TrialState.FAILED]} trials failed in a row and none succeeded; "
                    f"the last: {ended.error}"
                )
                self.transit("failed", reason)
                self.cancel_open_trials("the study failed")
                self.tell_study()
                return
        if study.out_of_time(self.at):
            self.cancel_open_trials("the study's time is up")
            self.complete_if_idle(f"the time budget of {study.budget.seconds:g} s is spent")
        elif study.budget_spent:
            self.complete_if_idle(study.reason)

    def complete_if_idle(self, reason: str | None) -> bool:
        """End the study unless trials are still queued or running; whether it was.

        It has failed if all of its trials have.
        """
        if trials.has_open(self.connection, self.study):
            return False
        counts = studies.counts(self.connection, self.study)
        failed = counts[TrialState.FAILED]
        if failed and not counts[TrialState.COMPLETED] + counts[TrialState.PRUNED]:
            last = trials.last_error(self.connection, self.study)
            self.transit(
                "failed", f"none of its trials succeeded, {failed} failed; the last: {last}"
            )
        else:
            self.transit("completed", reason)
        self.tell_study()
        return True

    @property
    def made_work(self) -> bool:
        """Whether something may be claimed that could not be before: not after an epoch alone."""
        running = self.study.state is StudyState.RUNNING
        return running and any(kind is not EventKind.EPOCH for kind, _ in self._events)

    def write_events(self) -> None:
        events.append(self.connection, self.study, self._events)


@contextmanager
def change(service: Service, name: str) -> Iterator[Change]:
    """Change a study. Raises UnknownStudy; nothing is kept if the block raises."""
    with service.database.write() as connection:
        study, at = studies.lock(connection, name)
        current = Change(connection, study, at)
        yield current
        current.write_events()
    service.bell.ring(study.id)
    if current.made_work:
        service.bell.ring(WORK)
