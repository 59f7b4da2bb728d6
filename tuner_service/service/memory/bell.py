"""Wakes those who wait for a change that this process makes. Changes by other processes are found by polling."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORK = "work"
"""Rung when there may be something to claim."""


class Bell:
    """Waiters are asyncio events by topic; any thread may ring."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[object, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def ring(self, topic: object) -> None:
        with self._lock:
            waiting = tuple(self._waiting.get(topic, ()))
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # its loop has closed: nobody waits there any more
                continue

    @contextmanager
    def listening(self, topic: object) -> Iterator[asyncio.Event]:
        """An event that is set at each ring; the listener clears it before it looks for what changed."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.setdefault(topic, set()).add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._waiting[topic].discard(entry)
                if not self._waiting[topic]:
                    del self._waiting[topic]
