"""A study's events to everybody who follows it: read and rendered once, however many they are."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import takewhile

from starlette.concurrency import run_in_threadpool

from tuner_service.api.promptly import promptly
from tuner_service.api.waiting import POLL_SECONDS, first_of
from tuner_service.domain.events import Event
from tuner_service.domain.study import Study
from tuner_service.errors import TunerError, UnknownStudy
from tuner_service.service.reading.watching import PAGE, events_after
from tuner_service.service.setup import Service

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.4
"""At most one look in this time: what happens in quick succession is told together."""
KEPT = 1000
"""So many of the newest events stay in memory; who is further behind reads on its own."""
SILENCE_SECONDS = 15.0
"""After so long without an event there is a comment, by which both ends see that the other is still there."""
COMMENT = b": nothing new\n\n"


@dataclass(frozen=True)
class Told:
    """An event as it goes over the wire."""

    id: int
    text: bytes


def rendered(events: Iterable[Event]) -> list[Told]:
    """Server-sent events; their bodies are JSON without line breaks."""
    return [Told(e.id, f"event: {e.kind}\ndata: {e.body}\nid: {e.id}\n\n".encode()) for e in events]


class Broadcast:
    """One study, read as long as anybody follows it. In memory are all of its events after ``floor``."""

    def __init__(self, service: Service, study: Study, stopping: asyncio.Event) -> None:
        self._service, self._study, self._stopping = service, study, stopping
        self._last = self._floor = study.revision
        self._kept: deque[Told] = deque()
        self._news = asyncio.Event()
        self.ended = False
        self.followers = 0
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            await self._read_on()
        except UnknownStudy:
            pass  # it was deleted: nothing more will come
        except TunerError as error:
            # Its followers come again by themselves, and hear then what is the matter.
            log.warning('nobody is told of study "%s": %s', self._study.name, error.message)
        finally:
            self.ended = True
            self._wake()

    async def _read_on(self) -> None:
        with self._service.bell.listening(self._study.id) as rung:
            while self.followers and not self._stopping.is_set():
                rung.clear()
                events, over = await promptly(events_after, self._service, self._study, self._last)
                self._keep(rendered(events))
                if len(events) == PAGE:
                    await asyncio.sleep(0)
                    continue
                if over:
                    return
                await first_of(self._stopping, self._stopping, GATHER_SECONDS)
                await first_of(rung, self._stopping, POLL_SECONDS)

    def _keep(self, news: Sequence[Told]) -> None:
        if not news:
            return
        self._last = news[-1].id
        self._kept += news
        while len(self._kept) > KEPT:
            self._floor = self._kept.popleft().id
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, last: int) -> AsyncGenerator[bytes]:
        """Every event after ``last``, those that are there at once; until the study is over."""
        while True:
            news = self._news
            if last < self._floor:
                told, last = await self._older(last)
            else:
                told = self._newer(last)
                last = told[-1].id if told else last
                if not told and self.ended:
                    return
            if told:
                yield b"".join(each.text for each in told)
                # A long way to catch up with is gone in steps, and others have their turn in between.
                await asyncio.sleep(0)
            elif last >= self._floor and not await _comes(news):
                yield COMMENT

    def _newer(self, last: int) -> Sequence[Told]:
        return [*takewhile(lambda each: each.id > last, reversed(self._kept))][::-1]

    async def _older(self, last: int) -> tuple[Sequence[Told], int]:
        """Events that may not be in memory any more, and after which one to go on."""
        floor = self._floor
        events, _ = await run_in_threadpool(events_after, self._service, self._study, last)
        # After the last page there is nothing up to what is in memory.
        reached = events[-1].id if events else last
        return rendered(events), reached if len(events) == PAGE else max(reached, floor)


async def _comes(news: asyncio.Event) -> bool:
    """Whether there is news before it has been silent for too long."""
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            await news.wait()
    except TimeoutError:
        return False
    return True


class Broadcasts:
    """The studies that are followed at this moment, on one event loop, until the server stops."""

    def __init__(self, service: Service, stopping: asyncio.Event) -> None:
        self._service = service
        self._stopping = stopping
        self._by_study: dict[int, Broadcast] = {}

    async def follow(self, study: Study, last: int) -> AsyncGenerator[bytes]:
        """The study's events after ``last`` as they go over the wire."""
        broadcast = self._by_study.get(study.id)
        if broadcast is None or broadcast.ended:
            broadcast = self._begun(study)
        broadcast.followers += 1
        try:
            async with aclosing(broadcast.follow(last)) as told:
                async for text in told:
                    yield text
        except TunerError:
            return  # deleted, or out of reach: whoever asks again hears which
        finally:
            # Whom nobody follows ends by itself: cancelled, it would leave a thread behind that holds a connection.
            broadcast.followers -= 1
            if not broadcast.followers:
                self._service.bell.ring(study.id)

    def _begun(self, study: Study) -> Broadcast:
        broadcast = self._by_study[study.id] = Broadcast(self._service, study, self._stopping)

        def forget(_: object) -> None:
            if self._by_study.get(study.id) is broadcast:
                del self._by_study[study.id]

        broadcast.reading.add_done_callback(forget)
        return broadcast

    async def ended(self) -> None:
        """Wait, once the server stops, until nothing is read any more."""
        await asyncio.gather(*(each.reading for each in self._by_study.values()))
