"""Following a trial while a process trains it: epochs to the server, verdicts to the process."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tuner_service.domain.trial import Verdict
from tuner_service.worker.errors import Refused, Unreachable, is_lost
from tuner_service.worker.grace import STOPPED, Grace
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.lease import Lease
from tuner_service.worker.messages import (
    Alive,
    CheckpointWritten,
    EpochDone,
    Finished,
    Message,
    Preflighted,
    Started,
    drop,
    stop,
)
from tuner_service.worker.patience import Patience
from tuner_service.worker.process import Answer, Died, Event, Process, StopRequested

log = logging.getLogger(__name__)

OVERSLEPT_SECONDS = 1.0
"""A wait that ended so much too late: it was this process that was stopped, not the other that was silent."""


class Ending(StrEnum):
    """Why a trial is stopped before its process is done with it."""

    PRUNED = "pruned"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    SHUTDOWN = "shutdown"
    LOST = "lost"
    REFUSED = "refused"
    OVERTIME = "overtime"
    UNFETCHED = "its checkpoint could not be fetched"


BY_VERDICT: Mapping[Verdict, Ending] = {
    Verdict.PRUNE: Ending.PRUNED,
    Verdict.CANCEL: Ending.CANCELLED,
    Verdict.PAUSE: Ending.PAUSED,
}
GIVEN_BACK = (Ending.PAUSED, Ending.SHUTDOWN)
TAKEN = (None, *GIVEN_BACK, Ending.OVERTIME)
"""With one of these the server still takes what is told of the trial."""


@dataclass(frozen=True)
class Outcome:
    """How a trial went, seen from here."""

    ending: Ending | None
    """Why it was stopped; None if it was not."""
    last: Finished | Died
    model_parameters: int | None
    told_all: bool = True
    """Whether every epoch reached the server; only then can the trial count as completed."""
    refusal: Refused | None = None


def ending_of(said: Verdict | Refused) -> Ending | None:
    """What an answer of the server means for a trial; None if it goes on."""
    match said:
        case Refused():
            return Ending.LOST if is_lost(said) else Ending.REFUSED
        case _:
            return BY_VERDICT.get(said)


class Follower:
    """One training in one process, from the hand-over to the process's last word."""

    def __init__(
        self,
        trial: HeldTrial,
        process: Process,
        lease: Lease,
        grace: Grace,
        *,
        stop_seconds: float,
        keep: Callable[[CheckpointWritten], None],
    ) -> None:
        self._trial = trial
        self._process = process
        self._lease = lease
        self._grace = grace
        self._keep = keep
        self._patience = Patience(trial.claim.training, stop_seconds)
        self._killed = False
        self._ending: Ending | None = None
        self._refusal: Refused | None = None
        self._model_parameters: int | None = None
        self._told_all = True

    def follow(self) -> Outcome:
        """Relay everything until the process is done with the trial, or gone.

        A process that is silent for too long, trains for too long, or does not stop within its time is killed.
        """
        if self._grace.begun.is_set():
            self._end(Ending.SHUTDOWN)
        while True:
            match self._next():
                case Finished() | Died() as last:
                    return self._outcome(last)
                case Answer(trial, said):
                    if trial is self._trial:
                        self._obey(said)
                case StopRequested():
                    self._end(Ending.SHUTDOWN)
                case message:
                    self._take(message)
                    # From now on and not from when it came: silence counts only while somebody listens.
                    self._patience.heard()

    def _take(self, message: Message | None) -> None:
        match message:
            case Started(model_parameters, tells_batches):
                self._model_parameters = model_parameters
                self._patience.started(tells_batches)
            case Alive():
                self._patience.heard_batch()
            case Preflighted(preflight, error):
                self._relay_preflight(preflight, error)
            case EpochDone() as epoch:
                self._relay(epoch)
            case CheckpointWritten() as checkpoint if self._wanted:
                self._keep(checkpoint)

    def _outcome(self, last: Finished | Died) -> Outcome:
        if isinstance(last, Finished) and last.model_parameters is not None:
            self._model_parameters = last.model_parameters
        return Outcome(self._ending, last, self._model_parameters, self._told_all, self._refusal)

    def _next(self) -> Event | None:
        if self._killed:
            return self._process.next_event(timeout=None)
        seconds, why = self._patience.left()
        if math.isinf(seconds):
            return self._process.next_event(timeout=None)
        until = time.monotonic() + max(0.0, seconds)
        event = self._process.next_event(timeout=max(0.0, seconds))
        if time.monotonic() > until + OVERSLEPT_SECONDS:
            # Neither was heard, nor could be; the whole limit starts anew.
            self._patience.heard()
            return event or self._process.next_event(timeout=OVERSLEPT_SECONDS)
        if event is None:
            log.warning("trial %s: %s", self._trial, why)
            self._process.kill(because=why)
            self._killed = True
            if self._patience.overtime and self._ending in (None, Ending.PAUSED):
                self._ending = Ending.OVERTIME
        return event

    @property
    def _wanted(self) -> bool:
        """Whether the server still takes what is told of the trial.

        One that is paused or given back may end properly before its process hears of it; its epochs are wanted then. In
        all other cases the server has closed the book.
        """
        return self._told_all and self._ending in TAKEN

    def _relay(self, epoch: EpochDone) -> None:
        if not self._wanted:
            return
        try:
            verdict = self._trial.report_epoch(
                epoch.epoch, epoch.metrics, epoch.seconds, self._model_parameters
            )
        except Unreachable:
            self._told_all = False
            self._end(Ending.SHUTDOWN)
        except Refused as refusal:
            self._obey(refusal)
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
            if is_lost(refusal):
                self._obey(refusal)
            else:
                # The trial does not depend on it.
                log.warning("trial %s: its preflight was not taken: %s", self._trial, refusal)

    def _obey(self, said: Verdict | Refused) -> None:
        ending = ending_of(said)
        if ending is Ending.LOST:
            log.warning("trial %s is no longer ours: %s", self._trial, said)
        if isinstance(said, Refused):
            self._refusal = self._refusal or said
        if ending is not None:
            self._end(ending)

    def _end(self, ending: Ending) -> None:
        """Stop the process. Any later reason counts more than a pause, most more than a wish to give the trial back."""
        if self._ending is not None and (
            self._ending not in GIVEN_BACK or ending is Ending.PAUSED or ending is self._ending
        ):
            return
        self._ending = ending
        if ending is Ending.PAUSED:
            # An epoch takes as long as it takes; nothing of it is to be lost.
            self._process.say(stop("epoch"))
            return
        # Of a trial that ends, or is another's by now, nobody goes on from a checkpoint.
        self._process.say(stop("batch") if ending in GIVEN_BACK else drop())
        in_grace = ending is Ending.SHUTDOWN
        self._patience.stop_within(self._grace.left(STOPPED) if in_grace else math.inf)


def _short(metrics: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"{name} {'-' if value is None else format(value, '.4g')}"
        for name, value in metrics.items()
    )
