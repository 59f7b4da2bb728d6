"""The end of an attempt, as the server is told: its files, then its result; or that it died, or is given back."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tuner_service.worker.checkpoints import CheckpointUploads
from tuner_service.worker.errors import LeaseLost, Refused, Unreachable
from tuner_service.worker.follow import Ending, Outcome
from tuner_service.worker.grace import Grace
from tuner_service.worker.held_trial import LOG, HeldTrial
from tuner_service.worker.messages import Finished
from tuner_service.worker.process import Died

log = logging.getLogger(__name__)

CURVE = "training.csv"
PICTURE = "architecture.svg"
UNFINISHED = (CURVE, PICTURE)
"""What there is of a trial that did not get to its end."""
INVALID = 422
"""The status of a refusal that says that the report itself is wrong; it would be so again."""
LAST_WORDS = 20
"""So many lines of its log are part of the error of a trial whose process died."""


@dataclass(frozen=True)
class Left:
    """What an attempt leaves."""

    folder: Path
    checkpoints: CheckpointUploads
    printed: Sequence[str]


def settle(trial: HeldTrial, outcome: Outcome, left: Left, grace: Grace) -> None:
    """Tell the server how the attempt ended. What it refuses is logged: nothing more can be done for the trial.

    A worker that is to end has until ``grace.uploads_over`` for the files, and for the rest until
    ``grace.releases_over``.
    """
    _Settlement(trial, outcome, left, grace).tell()


class _Settlement:
    def __init__(self, trial: HeldTrial, outcome: Outcome, left: Left, grace: Grace) -> None:
        self._trial = trial
        self._outcome = outcome
        self._left = left
        self._grace = grace
        self._uploading = trial.until(grace.uploads_over)
        self._telling = trial.until(grace.releases_over)

    def tell(self) -> None:
        try:
            try:
                self._tell()
            except Unreachable as error:
                # No time is left for its files, or for its result: whoever trains it next makes the last epochs again.
                self._give_back(str(error))
        except Unreachable as error:
            log.warning("trial %s: %s; its lease will run out", self._trial, error)
        except Refused as refusal:
            log.warning("trial %s: %s", self._trial, refusal)

    def _tell(self) -> None:
        match self._outcome:
            case Outcome(ending=Ending.LOST):
                log.info("trial %s dropped", self._trial)
            case Outcome(ending=Ending.PRUNED | Ending.CANCELLED as ending):
                log.info("trial %s %s", self._trial, ending)
                self._upload(UNFINISHED)
            case Outcome(ending=Ending.REFUSED, refusal=Refused() as refusal):
                self._refused(refusal)
            case Outcome(last=Finished(state="completed") as finished, told_all=True):
                # Files first: a trial that is seen as completed has all that it left.
                self._upload(finished.artifacts)
                self._telling.finish(
                    "completed", None, self._outcome.model_parameters, finished.detail
                )
                log.info("trial %s completed", self._trial)
            case Outcome(last=Finished(state="failed") as finished, told_all=True):
                self._upload(finished.artifacts)
                self._fail(finished.error or "the training process gave no reason")
            case Outcome(ending=Ending.OVERTIME, last=Died() as died, told_all=True):
                # It would take as long the next time.
                self._upload(UNFINISHED)
                self._fail(_last_words(died, self._left.printed))
            case Outcome(ending=None | Ending.PAUSED, last=Died() as died):
                self._die(_last_words(died, self._left.printed))
            case Outcome(ending=None, last=Finished(state="unusable") as finished):
                # It had none to refuse. Given back unharmed, the trial would go round for ever.
                self._die(finished.error or "the training process could not begin")
            case Outcome(ending=ending):
                self._left.checkpoints.finish(self._grace.uploads_over)
                self._give_back(ending or "its process stopped")

    def _upload(self, names: Sequence[str]) -> None:
        self._left.checkpoints.drop()
        for name in dict.fromkeys(names):
            file = self._left.folder / name
            if name != LOG and file.is_file():
                self._send(name, partial(self._uploading.upload, file))
        self._send(LOG, partial(self._uploading.upload_log, self._left.printed))

    def _send(self, name: str, send: Callable[[], None]) -> None:
        try:
            send()
        except LeaseLost:
            raise
        except (Refused, OSError) as error:
            # The result is worth more than its files: go on to tell it.
            log.warning("trial %s: %s was not taken: %s", self._trial, name, error)

    def _refused(self, refusal: Refused) -> None:
        why = f"the server refused a report: {refusal}"
        if refusal.status == INVALID:
            self._upload(UNFINISHED)
            self._fail(why)
        else:
            # Not what was reported was wrong, but when, or whom we asked; the next attempt may fare better.
            self._die(why)

    def _fail(self, error: str) -> None:
        self._telling.finish("failed", error, self._outcome.model_parameters)
        log.warning("trial %s failed: %s", self._trial, _first_line(error))

    def _die(self, error: str) -> None:
        # What it wrote whole before it died is worth going on from.
        self._left.checkpoints.finish(self._grace.uploads_over)
        self._upload(UNFINISHED)
        self._telling.release(error)
        log.warning(
            "trial %s: attempt %d died: %s",
            self._trial,
            self._trial.claim.attempt,
            _first_line(error),
        )

    def _give_back(self, why: str) -> None:
        self._telling.release()
        log.info("trial %s given back: %s", self._trial, why)


def _first_line(error: str) -> str:
    return error.splitlines()[0] if error else "no reason"


def _last_words(died: Died, printed: Sequence[str]) -> str:
    words = [line for line in printed if line.strip()][-LAST_WORDS:]
    return "\n".join([str(died), *(["the last lines of its log:", *words] if words else [])])
