"""What a training process prints: the last lines, kept in memory."""

import contextlib
import os
import select
import threading
from collections import deque

KEPT_LINES = 200
LONGEST_LINE = 2_000
CHUNK = 1 << 16


class Output:
    """Reads a pipe for as long as it is open, so that the process never blocks on it, and keeps the last lines.

    Memory is bounded whatever is printed: so many lines, each cut at so many bytes.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._unfinished = b""
        self._lock = threading.Lock()
        self._open = True
        threading.Thread(target=self._follow, name="output", daemon=True).start()

    def clear(self) -> None:
        """Forget what was printed up to now."""
        with self._lock:
            self._drain()
            self._lines.clear()
            self._unfinished = b""

    def lines(self) -> list[str]:
        """The last lines, up to what the process printed before this call."""
        with self._lock:
            # The follower may not have come round yet to what is in the pipe already.
            self._drain()
            kept = [*self._lines, *([self._unfinished] if self._unfinished else [])]
        return [line.decode(errors="replace") for line in kept[-KEPT_LINES:]]

    def _follow(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        while self._open:
            poll.poll()
            with self._lock:
                self._drain()
        os.close(self._descriptor)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            # A pipe holds one chunk. Whoever prints without end must not keep a caller here for ever.
            for _ in range(2):
                if not self._open:
                    return
                chunk = os.read(self._descriptor, CHUNK)
                if not chunk:
                    self._open = False
                    return
                self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        *lines, rest = (self._unfinished + chunk).split(b"\n")
        # A progress bar draws over itself with carriage returns; what stood there last is what counts.
        self._lines.extend(_last_drawn(line) for line in lines)
        self._unfinished = _last_drawn(rest) if len(rest) > LONGEST_LINE else rest


def _last_drawn(line: bytes) -> bytes:
    return line.rstrip(b"\r").rpartition(b"\r")[2][:LONGEST_LINE]
