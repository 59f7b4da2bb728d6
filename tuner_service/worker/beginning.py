"""Where an attempt begins: with the newest checkpoint that can be used, or with nothing."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from tuner_service.wire import Resume
from tuner_service.worker.errors import CUT, Refused, Unreachable
from tuner_service.worker.held_trial import HeldTrial

CONDEMNED = frozenset({404, 410})
"""Missing, damaged or deleted at the server, and so for everybody."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Beginning:
    """What the server said to begin with, and the file that was fetched; None and None: the trial's beginning."""

    resume: Resume | None = None
    file: Path | None = None

    @property
    def epoch(self) -> int:
        """The next one to report."""
        return 0 if self.resume is None else self.resume.epoch


def fetch_beginning(
    trial: HeldTrial, resume: Resume | None, folder: Path, given_up: threading.Event
) -> Beginning:
    """Fetch the checkpoint into the folder, or, if it is damaged or gone, the one before it.

    Raises Unreachable when given up, or if it may be fetched another time; Refused if the server does not say what to
    begin with instead, or refuses the attempt; OSError.
    """
    asking = trial.until(given_up)
    while resume is not None:
        file = folder / f"begin-with-{resume.epoch}"
        if (why := _fetch(asking, resume, file)) is None:
            log.info("trial %s resumes from epoch %d", trial, resume.epoch)
            return Beginning(resume, file)
        file.unlink(missing_ok=True)
        resume = fall_back(asking, resume, why)
    return Beginning()


def fall_back(trial: HeldTrial, resume: Resume, why: str) -> Resume | None:
    """Tell that this checkpoint cannot be used: the one before it, None for the trial's beginning. Raises as above."""
    before = trial.fall_back(resume.checkpoint, why)
    if before is not None and before.epoch >= resume.epoch:
        detail = (
            f"asked for one before {resume.checkpoint}, the server answered {before.checkpoint}"
        )
        raise Refused(200, "bad_reply", detail)
    where = "the beginning" if before is None else before.checkpoint
    log.warning("trial %s: %s cannot be used: %s; back to %s", trial, resume.checkpoint, why, where)
    return before


def _fetch(trial: HeldTrial, resume: Resume, file: Path) -> str | None:
    """Why it cannot be used; None if it can."""
    try:
        got = trial.fetch_checkpoint(resume.checkpoint, file)
    except Refused as refusal:
        why = f"it cannot be fetched: {refusal}"
        if refusal.status in CONDEMNED:
            return why
        if refusal.status >= 500 or refusal.status == CUT:
            raise Unreachable(f"{resume.checkpoint}: {why}") from refusal
        raise
    if got != resume.sha256:
        return f"its sha-256 is {got}, that of the upload was {resume.sha256}"
    return None
