"""Keeping a lease alive between epochs, while a model is built, and while files go up."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tuner_service.domain.trial import Verdict
from tuner_service.worker.errors import Refused, Unreachable
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.process import Answer


class Lease:
    """While entered, a heartbeat goes out whenever a third of the lease passed without an accepted report.

    What the server answers goes to ``tell`` unless it is "continue": its verdict, or its refusal, after which there are
    no more heartbeats.
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
        while not self._over.wait(self._renewed_at + self._interval - time.monotonic()):
            if time.monotonic() < self._renewed_at + self._interval:
                continue
            try:
                verdict = self._trial.heartbeat()
            except Unreachable:
                return
            except Refused as refusal:
                if not self._over.is_set():
                    self._tell(Answer(self._trial, refusal))
                return
            self.renewed()
            if verdict is not Verdict.CONTINUE and not self._over.is_set():
                self._tell(Answer(self._trial, verdict))
