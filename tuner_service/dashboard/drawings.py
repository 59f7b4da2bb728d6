"""Charts as they go to browsers: made once for all who look, packed, and made anew only when something changed."""

import asyncio
import gzip
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread

MOST_BYTES = 64 * 1024**2
MOST = 4_000
AT_A_TIME = 2
"""So many are made at a time: they share one interpreter with the workers' requests."""
SHARE = 0.01
"""This share of the time goes into a chart of a study that changes all the time; else it rests."""
REST_SECONDS, LONGEST_REST_SECONDS = 0.5, 10.0


@dataclass(frozen=True)
class Drawing:
    """``revision``: the newest change that is in it. ``rests_until``: when it may be made anew, on ``monotonic``."""

    revision: int
    packed: bytes
    rests_until: float


Make = Callable[[], tuple[int, Any]]
"""Makes a chart: its revision and its JSON."""


class Drawings:
    """Drawings by what they show. It belongs to one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Drawing] = OrderedDict()
        self._bytes = 0
        self._making: dict[object, asyncio.Task[Drawing]] = {}
        self._threads = CapacityLimiter(AT_A_TIME)

    async def at(self, key: object, revision: int, make: Make) -> Drawing:
        """One that shows this revision or a later one."""
        while (kept := self._kept.get(key)) is None or kept.revision < revision:
            if (task := self._making.get(key)) is None:
                task = self._making[key] = asyncio.create_task(self._made(key, make))
                task.add_done_callback(_heed)
            await asyncio.shield(task)
        self._kept.move_to_end(key)
        return kept

    async def after_rest(self, key: object, revision: int, make: Make) -> Drawing:
        """The same for one who has the last one: until that has rested, there is no other."""
        if kept := self._kept.get(key):
            await asyncio.sleep(kept.rests_until - time.monotonic())
        return await self.at(key, revision, make)

    async def ended(self) -> None:
        """Wait, when the server stops, for those that are being made: their threads hold connections."""
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    async def _made(self, key: object, make: Make) -> Drawing:
        try:
            drawing = await to_thread.run_sync(_draw, make, limiter=self._threads)
            self._keep(key, drawing)
            return drawing
        finally:
            # Here, while it is not done yet: who waited for one that is done would never let the loop go on.
            del self._making[key]

    def _keep(self, key: object, drawing: Drawing) -> None:
        if before := self._kept.pop(key, None):
            self._bytes -= len(before.packed)
        self._kept[key] = drawing
        self._bytes += len(drawing.packed)
        while (self._bytes > MOST_BYTES or len(self._kept) > MOST) and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.packed)


def _heed(task: asyncio.Task[Drawing]) -> None:
    """Whoever waits is told of a mistake; asyncio shall not complain where nobody waits any more."""
    if not task.cancelled():
        task.exception()


def _draw(make: Make) -> Drawing:
    started = time.monotonic()
    revision, content = make()
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    packed = gzip.compress(text.encode(), 5)
    ended = time.monotonic()
    rest = min(max(REST_SECONDS, (ended - started) / SHARE), LONGEST_REST_SECONDS)
    return Drawing(revision, packed, ended + rest)
