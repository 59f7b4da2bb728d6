"""Many who follow one study: each hears all of it, in order, from wherever it begins."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import httpx
import pytest

from tests.contract.studies import completed, opened
from tuner_service.api import broadcasts
from tuner_service.api.broadcasts import Broadcasts
from tuner_service.service.reading import studies
from tuner_service.service.setup import Service, open_service
from tuner_service.service.studies import steering
from tuner_service.settings import Settings

WAIT_SECONDS = 20.0
NEWEST = 9
"""The id of the last event of the study "demo"."""


@pytest.fixture(autouse=True)
def eventful(api: httpx.Client) -> None:
    opened(api, budget={"trials": 100})
    for _ in range(4):
        completed(api, 0.5)


async def ids(told: AsyncGenerator[bytes], until: int | None) -> list[int]:
    """The ids of the events up to this one; None: to the end of the stream."""
    found: list[int] = []
    async with asyncio.timeout(WAIT_SECONDS), aclosing(told):
        async for text in told:
            found += [int(number) for number in re.findall(rb"^id: (\d+)$", text, re.MULTILINE)]
            if until is not None and found and found[-1] >= until:
                break
    return found


def heard(
    service: Service, begins: list[int], until: int | None, then: Callable[[], object]
) -> list[list[int]]:
    """What followers hear who began after these events, while something happens."""

    async def follow() -> list[list[int]]:
        study, channel = studies.find(service, "demo"), Broadcasts(service, asyncio.Event())
        following = [asyncio.create_task(ids(channel.follow(study, b), until)) for b in begins]
        await asyncio.sleep(0)
        await asyncio.to_thread(then)
        found = await asyncio.gather(*following)
        await channel.ended()
        return found

    return asyncio.run(follow())


def changing(service: Service) -> Callable[[], object]:
    def change() -> None:
        steering.pause(service, "demo")
        steering.resume(service, "demo")

    return change


def test_everybody_hears_everything_after_where_they_began(service: Service) -> None:
    found = heard(service, [0, 3, NEWEST, 0], NEWEST + 2, changing(service))
    assert found == [list(range(begin + 1, NEWEST + 3)) for begin in (0, 3, NEWEST, 0)]


def test_who_is_further_behind_than_the_memory_misses_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "KEPT", 1)
    monkeypatch.setattr(broadcasts, "PAGE", 2)
    monkeypatch.setattr("tuner_service.service.reading.watching.PAGE", 2)
    found = heard(service, [0, 5, NEWEST], NEWEST + 2, changing(service))
    assert found == [list(range(begin + 1, NEWEST + 3)) for begin in (0, 5, NEWEST)]


def test_changes_by_another_server_are_heard_too(service: Service, settings: Settings) -> None:
    with open_service(settings) as other:
        assert heard(service, [NEWEST], NEWEST + 2, changing(other)) == [[NEWEST + 1, NEWEST + 2]]


def test_it_ends_for_everybody_with_the_study(service: Service) -> None:
    found = heard(service, [0, NEWEST], None, lambda: steering.cancel(service, "demo"))
    assert found == [list(range(1, NEWEST + 2)), [NEWEST + 1]]


def test_it_ends_when_the_study_is_deleted(service: Service) -> None:
    assert heard(service, [NEWEST, 3], None, lambda: steering.delete(service, "demo"))[0] == []


def test_it_ends_when_the_server_stops(service: Service) -> None:
    async def follow() -> list[int]:
        stopping = asyncio.Event()
        channel = Broadcasts(service, stopping)
        following = asyncio.create_task(ids(channel.follow(studies.find(service, "demo"), 7), None))
        await asyncio.sleep(0)
        stopping.set()
        found = await following
        await channel.ended()
        return found

    assert asyncio.run(follow()) == [8, 9]


def test_a_silent_study_is_not_a_dead_connection(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasts, "SILENCE_SECONDS", 0.01)

    async def first() -> bytes:
        channel = Broadcasts(service, asyncio.Event())
        told = channel.follow(studies.find(service, "demo"), NEWEST)
        async with asyncio.timeout(WAIT_SECONDS), aclosing(told):
            found = await anext(told)
        await channel.ended()
        return found

    assert asyncio.run(first()).startswith(b":")


def test_nobody_reads_for_those_who_have_left(service: Service) -> None:
    async def left() -> set[asyncio.Task[object]]:
        channel = Broadcasts(service, asyncio.Event())
        study = studies.find(service, "demo")
        await asyncio.gather(*(ids(channel.follow(study, 0), NEWEST) for _ in range(3)))
        async with asyncio.timeout(WAIT_SECONDS):
            await channel.ended()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(left()) == set()
