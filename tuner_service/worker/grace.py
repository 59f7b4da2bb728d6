"""The time between the wish to stop and the end, and how it is shared out."""

import math
import threading
import time

STOPPED = 0.5
UPLOADED = 0.75
GIVEN_BACK = 0.9
HUNG_UP = 0.95
ENDED = 1.0


class Grace:
    """It begins once; then each phase ends when its share of ``seconds`` is used up, whether it is done or not.

    STOPPED     the training processes stop at a batch and write what no checkpoint has yet, or are killed
    UPLOADED    checkpoints go up, and the files of trials that were just done
    GIVEN_BACK  the trials are given back
    HUNG_UP     the processes end
    ENDED       those that did not are killed, and gone unless the system holds them

    ``begun``, ``uploads_over`` and ``releases_over`` are what waits look at; who ends the worker sets them.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun = threading.Event()
        self.uploads_over = threading.Event()
        self.releases_over = threading.Event()
        self._began_at = math.inf

    def begin(self) -> None:
        self._began_at = time.monotonic()
        self.begun.set()

    def left(self, share: float) -> float:
        """Seconds until this share of the time is used up, below 0 after that; endless before the beginning."""
        return self._began_at + share * self.seconds - time.monotonic()
