"""Following a trial while a process trains it: epochs to the server, verdicts to the process."""

import logging
import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tuner_service.domain.trial import Verdict
from tuner_service.worker.errors import Refused, Unreachable
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.lease import Lease
from tuner_service.worker.messages import STOP, EpochDone, Finished, Preflighted, Started
from tuner_service.worker.process import Answer, Died, Process, StopRequested

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 4.0
"""How long a process may take to stop when the worker ends: less than a container is given."""


class Ending(StrEnum):
    """Why a trial is stopped before its process is done with it."""

    PRUNED = "pruned"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    SHUTDOWN = "shutdown"
    LOST = "lost"
    REFUSED = "refused"


BY_VERDICT: Mapping[Verdict, Ending] = {
    Verdict.PRUNE: Ending.PRUNED,
    Verdict.CANCEL: Ending.CANCELLED,
    Verdict.PAUSE: Ending.PAUSED,
}
GIVEN_BACK = (Ending.PAUSED, Ending.SHUTDOWN)
GONE = frozenset({401, 403, 404})
"""Refusals after which there is nothing left to say of this trial."""


@dataclass(frozen=True)
class Outcome:
    """How a trial went, seen from here."""

    ending: Ending | None
    """Why it was stopped; None if it was not."""
    last: Finished | Died
    model_parameters: int | None
    told_all: bool = True
    """Whether every epoch reached the server; only then can the trial count as completed."""
    refusal: str | None = None


class Follower:
    """One trial in one process, from the hand-over to the process's last word."""

    def __init__(
        self,
        trial: HeldTrial,
        process: Process,
        lease: Lease,
        stop: threading.Event,
        stop_seconds: float,
    ) -> None:
        self._trial = trial
        self._process = process
        self._lease = lease
        self._stop = stop
        self._stop_seconds = stop_seconds
        self._ending: Ending | None = None
        self._refusal: str | None = None
        self._model_parameters: int | None = None
        self._told_all = True
        self._deadline = math.inf

    def follow(self) -> Outcome:
        """Relay everything until the process is done with the trial, or gone.

        A process that was told to stop and does not within its time is killed.
        """
        if self._stop.is_set():
            self._end(Ending.SHUTDOWN)
        while True:
            match self._next():
                case Started(model_parameters):
                    self._model_parameters = model_parameters
                case Preflighted(preflight, error):
                    self._relay_preflight(preflight, error)
                case EpochDone() as epoch:
                    self._relay(epoch)
                case Answer(trial, Verdict() as verdict) if trial is self._trial:
                    self._obey(verdict)
                case Answer(trial, Refused() as refusal) if trial is self._trial:
                    self._refused(refusal)
                case StopRequested():
                    self._end(Ending.SHUTDOWN)
                case Finished() | Died() as last:
                    return self._outcome(last)

    def _outcome(self, last: Finished | Died) -> Outcome:
        if isinstance(last, Finished) and last.model_parameters is not None:
            self._model_parameters = last.model_parameters
        return Outcome(self._ending, last, self._model_parameters, self._told_all, self._refusal)

    def _next(self) -> object:
        if math.isinf(self._deadline):
            return self._process.next_event(timeout=None)
        event = self._process.next_event(timeout=max(0.0, self._deadline - time.monotonic()))
        if event is None:
            log.warning("trial %s did not stop in time; its process is killed", self._trial)
            self._process.kill(because="the training process did not stop and was killed")
            self._deadline = math.inf
        return event

    def _relay(self, epoch: EpochDone) -> None:
        # A trial that is paused or given back may still end properly before its process hears of it; its epochs are
        # wanted then. In all other cases the server has closed the book.
        if not self._told_all or (self._ending is not None and self._ending not in GIVEN_BACK):
            return
        try:
            verdict = self._trial.report_epoch(
                epoch.epoch, epoch.metrics, epoch.seconds, self._model_parameters
            )
        except Unreachable:
            self._told_all = False
            self._end(Ending.SHUTDOWN)
        except Refused as refusal:
            self._refused(refusal)
        else:
            self._lease.renewed()
            log.info("trial %s epoch %d: %s", self._trial, epoch.epoch, _short(epoch.metrics))
            self._obey(verdict)

    def _relay_preflight(self, preflight: Mapping[str, Any] | None, error: str | None) -> None:
        if self._ending is not None:
            return
        try:
            self._obey(self._trial.report_preflight(preflight, error))
        except Unreachable:
            self._end(Ending.SHUTDOWN)
        except Refused as refusal:
            if refusal.code == "stale_attempt" or refusal.status in GONE:
                self._refused(refusal)
            else:
                # The trial does not depend on it.
                log.warning("trial %s: its preflight was not taken: %s", self._trial, refusal)

    def _obey(self, verdict: Verdict) -> None:
        if verdict is not Verdict.CONTINUE:
            self._end(BY_VERDICT[verdict])

    def _refused(self, refusal: Refused) -> None:
        if refusal.code == "stale_attempt" or refusal.status in GONE:
            log.warning("trial %s is no longer ours: %s", self._trial, refusal)
            self._end(Ending.LOST)
        else:
            self._refusal = self._refusal or str(refusal)
            self._end(Ending.REFUSED)

    def _end(self, ending: Ending) -> None:
        """Stop the process, once; a later reason counts more than a wish to give the trial back."""
        if self._ending is None:
            self._process.say(STOP)
        elif self._ending not in GIVEN_BACK:
            return
        seconds = SHUTDOWN_SECONDS if ending is Ending.SHUTDOWN else self._stop_seconds
        self._deadline = min(self._deadline, time.monotonic() + min(seconds, self._stop_seconds))
        self._ending = ending


def _short(metrics: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"{name} {'-' if value is None else format(value, '.4g')}"
        for name, value in metrics.items()
    )
