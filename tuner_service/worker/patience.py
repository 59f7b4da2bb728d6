"""How long a training process may be silent, train on, or take to stop, before it is killed."""

import math
import time
from collections.abc import Mapping
from typing import Any

SILENCE_SECONDS = 600.0
"""Where the study does not say another."""
PREPARING_SECONDS = 3600.0
"""Before training begins, data is fetched and a model built, without a batch to tell of; that may last so long."""
OVERTIME_SECONDS = 60.0
"""A process ends by itself after ``training.max_seconds``; it is killed when it is so much later."""


class Patience:
    """The limits of one training, on this machine's monotonic clock."""

    def __init__(self, training: Mapping[str, Any], stop_seconds: float) -> None:
        self._silence_seconds = _seconds(training.get("max_silence_seconds", SILENCE_SECONDS))
        self._most_seconds = _seconds(training.get("max_seconds"))
        self._stop_seconds = stop_seconds
        self._started = False
        self._tells_batches = True
        self._heard_at = time.monotonic()
        self._overtime_at = math.inf
        self._stop_at = math.inf

    def started(self, tells_batches: bool) -> None:
        """Training begins; a process that does not tell of its batches may be silent until it does."""
        self._started = True
        self._tells_batches = tells_batches
        self._overtime_at = (
            time.monotonic() + self._most_seconds + OVERTIME_SECONDS + self._stop_seconds
        )

    def heard(self) -> None:
        """The process said something."""
        self._heard_at = time.monotonic()

    def heard_batch(self) -> None:
        self._tells_batches = True

    def stop_within(self, seconds: float) -> None:
        """The process was told to stop now; the shortest time given counts."""
        self._stop_at = min(self._stop_at, time.monotonic() + min(seconds, self._stop_seconds))

    @property
    def overtime(self) -> bool:
        """Whether it trained on for too long after ``training.max_seconds``."""
        return time.monotonic() >= self._overtime_at

    def left(self) -> tuple[float, str]:
        """The seconds until it is at an end, and why it will be then."""
        limits = [
            (self._stop_at, "the training process did not stop and was killed"),
            (
                self._overtime_at,
                f"training.max_seconds ({self._most_seconds:g} s) passed, and the training process trained on "
                "and was killed",
            ),
        ]
        if not self._started:
            seconds = max(self._silence_seconds, PREPARING_SECONDS)
            silence = f"training did not begin for {seconds:g} s; the training process was killed"
            limits.append((self._heard_at + seconds, silence))
        elif self._tells_batches:
            silence = f"no batch for {self._silence_seconds:g} s; the training process was killed"
            limits.append((self._heard_at + self._silence_seconds, silence))
        at, why = min(limits)
        return at - time.monotonic(), why


def _seconds(limit: float | None) -> float:
    return math.inf if limit is None else limit
