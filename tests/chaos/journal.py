"""What clients were told, written down outside the service: one JSON object a line.

An answer counts once it was read whole from the server, even if the client never saw it: what got a 2xx has happened.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answered:
    """A request and its answer. ``at``: seconds since the epoch; ``reply``: None where it is no JSON object."""

    at: float
    method: str
    path: str
    query: str
    body: dict[str, Any] | None
    body_sha256: str | None
    status: int
    reply: dict[str, Any] | None
    fault: str | None

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


class Journal:
    """Appended from any thread, read when it is quiet."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._lines = file.open("a", buffering=1)

    def note(
        self,
        method: str,
        target: str,
        body: dict[str, Any] | None,
        status: int,
        reply: dict[str, Any] | None,
        *,
        body_sha256: str | None = None,
        fault: str | None = None,
    ) -> None:
        path, _, query = target.partition("?")
        entry = Answered(time.time(), method, path, query, body, body_sha256, status, reply, fault)
        line = json.dumps(asdict(entry))
        with self._lock:
            self._lines.write(line + "\n")

    def entries(self) -> Iterator[Answered]:
        """All that was noted, in the order of the answers."""
        with self._lock:
            self._lines.flush()
        with self.file.open() as lines:
            for line in lines:
                yield Answered(**json.loads(line))

    def close(self) -> None:
        self._lines.close()
