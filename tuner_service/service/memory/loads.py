"""The last hour of every worker's load, kept in memory and brought up to date from the database.

The database keeps it, since a server that is started anew, and each of several, should show the whole hour.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from tuner_service.domain.gauge import Sample
from tuner_service.storage import loads
from tuner_service.storage.loads import KEPT_SECONDS

OVERLAP_SECONDS = 30.0
"""So much is read again: of two servers' writes the one with the earlier time may be committed later."""

Told = tuple[float, Sample]
"""When, in seconds since the epoch, and what."""


class Loads:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest = 0.0
        self._recent: set[tuple[float, str]] = set()
        self._by_worker: dict[str, list[Told]] = {}

    def by_worker(self, connection: Connection, at: float) -> Mapping[str, Sequence[Told]]:
        """What each worker told within the hour before ``at``, oldest first."""
        with self._lock:
            rows = loads.after(connection, self._newest - OVERLAP_SECONDS)
            for told_at, worker, sample in rows:
                if (told_at, worker) not in self._recent:
                    self._by_worker.setdefault(worker, []).append((told_at, sample))
            self._recent = {(told_at, worker) for told_at, worker, _ in rows}
            self._newest = max([self._newest, *(told_at for told_at, *_ in rows)])
            hours = ((worker, _hour(told, at)) for worker, told in self._by_worker.items())
            self._by_worker = {worker: told for worker, told in hours if told}
            return dict(self._by_worker)


def _hour(told: Iterable[Told], before: float) -> list[Told]:
    recent = (each for each in told if each[0] > before - KEPT_SECONDS)
    return sorted(recent, key=lambda each: each[0])
