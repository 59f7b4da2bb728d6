"""The end of a trial, as the server is told: its files, then its result; or that it is given back."""

import logging
from collections.abc import Sequence
from pathlib import Path

from tuner_service.worker.errors import Refused, Unreachable
from tuner_service.worker.follow import Ending, Outcome
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.messages import Finished
from tuner_service.worker.process import Died

log = logging.getLogger(__name__)

LOG = "log.txt"
CURVE = "training.csv"
PICTURE = "architecture.svg"
UNFINISHED = (CURVE, PICTURE)
"""What there is of a trial that did not get to its end."""
LAST_WORDS = 20
"""So many lines of its log are part of the error of a trial whose process died."""


def settle(trial: HeldTrial, outcome: Outcome, folder: Path, printed: Sequence[str]) -> None:
    """Tell the server how the trial ended. What it refuses is logged: nothing more can be done for the trial."""
    try:
        _settle(trial, outcome, folder, printed)
    except Unreachable as error:
        log.warning("trial %s: %s; its lease will run out", trial, error)
    except Refused as refusal:
        log.warning("trial %s: %s", trial, refusal)


def _settle(trial: HeldTrial, outcome: Outcome, folder: Path, printed: Sequence[str]) -> None:
    match outcome:
        case Outcome(ending=Ending.LOST):
            log.info("trial %s dropped", trial)
        case Outcome(ending=Ending.PRUNED | Ending.CANCELLED as ending):
            log.info("trial %s %s", trial, ending)
            _upload(trial, folder, UNFINISHED, printed)
        case Outcome(ending=Ending.REFUSED, refusal=refusal):
            _upload(trial, folder, UNFINISHED, printed)
            _fail(trial, f"the server refused a report: {refusal}", outcome)
        case Outcome(last=Finished(state="completed") as finished, told_all=True):
            # Files first: a trial that is seen as completed has all that it left.
            _upload(trial, folder, finished.artifacts, printed)
            trial.finish("completed", None, outcome.model_parameters)
            log.info("trial %s completed", trial)
        case Outcome(last=Finished(state="failed") as finished, told_all=True):
            _upload(trial, folder, finished.artifacts, printed)
            _fail(trial, finished.error or "the training process gave no reason", outcome)
        case Outcome(ending=None, last=Died() as died):
            _upload(trial, folder, UNFINISHED, printed)
            _fail(trial, _last_words(died, printed), outcome)
        case _:
            trial.release()
            log.info("trial %s given back: %s", trial, outcome.ending or "its process stopped")


def _upload(trial: HeldTrial, folder: Path, names: Sequence[str], printed: Sequence[str]) -> None:
    (folder / LOG).write_text("".join(f"{line}\n" for line in printed))
    for name in dict.fromkeys([*names, LOG]):
        if not (folder / name).is_file():
            continue
        try:
            trial.upload(folder / name)
        except Refused as refusal:
            if refusal.code == "stale_attempt":
                raise
            # The result is worth more than its files: go on to tell it.
            log.warning("trial %s: %s was not taken: %s", trial, name, refusal)


def _fail(trial: HeldTrial, error: str, outcome: Outcome) -> None:
    trial.finish("failed", error, outcome.model_parameters)
    log.warning("trial %s failed: %s", trial, error.splitlines()[0] if error else "no reason")


def _last_words(died: Died, printed: Sequence[str]) -> str:
    words = [line for line in printed if line.strip()][-LAST_WORDS:]
    return "\n".join([str(died), *(["the last lines of its log:", *words] if words else [])])
