"""Keeping a lease alive between epochs, while a model is built, and while files go up."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tuner_service.domain.trial import Verdict
from tuner_service.worker.errors import Refused, Unreachable, is_lost
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.process import Answer

log = logging.getLogger(__name__)


class Lease:
    """While entered, a heartbeat goes out whenever a third of the lease passed without an accepted report.

    What the server answers goes to ``tell`` unless it is "continue": its verdict, or that the trial is lost, after
    which there are no more heartbeats.
    """

    def __init__(self, trial: HeldTrial, tell: Callable[[Answer], None]) -> None:
        self._trial = trial
        self._tell = tell
        self._interval = trial.claim.lease_seconds / 3
        self._renewed_at = time.monotonic()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._keep, name=f"lease {self._trial}", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Not joined: a heartbeat may be waiting for a server that is down, and what it brings is of no interest now.
        self._over.set()

    def renewed(self) -> None:
        """The server accepted a report, which renews the lease as a heartbeat does."""
        self._renewed_at = time.monotonic()

    def _keep(self) -> None:
        # For as long as the trial is held, and so beyond the wish to stop: to give a trial back takes time.
        beating = self._trial.until(self._over)
        while not self._over.wait(self._renewed_at + self._interval - time.monotonic()):
            if time.monotonic() < self._renewed_at + self._interval:
                continue
            try:
                verdict = beating.heartbeat()
            except Unreachable:
                return
            except Refused as refusal:
                if is_lost(refusal):
                    self._say(refusal)
                    return
                # The server's fault, which may pass; if it does not, the lease runs out.
                log.warning("trial %s: a heartbeat was refused: %s", self._trial, refusal)
                self._over.wait(self._interval)
                continue
            self.renewed()
            if verdict is not Verdict.CONTINUE:
                self._say(verdict)

    def _say(self, said: Verdict | Refused) -> None:
        if not self._over.is_set():
            self._tell(Answer(self._trial, said))
