"""Charts are made once for all who look, and always show what they were asked for."""

import asyncio
import gzip
import json
import threading
from collections.abc import Callable

import pytest

from tuner_service.dashboard import drawings
from tuner_service.dashboard.drawings import Drawing, Drawings
from tuner_service.errors import UnknownStudy


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "REST_SECONDS", 0.3)
    monkeypatch.setattr(drawings, "SHARE", 1.0)


def counting(revisions: list[int]) -> Callable[[], tuple[int, str]]:
    """Makes a chart of each revision after another."""
    return lambda: (revision := revisions.pop(0), f"chart {revision}")


def content(drawing: Drawing) -> object:
    return json.loads(gzip.decompress(drawing.packed))


def test_many_who_ask_at_once_get_one() -> None:
    async def ask() -> list[Drawing]:
        kept = Drawings()
        make = counting([3, 4])
        return await asyncio.gather(*(kept.at("a", 3, make) for _ in range(20)))

    found = asyncio.run(ask())
    assert len({id(each) for each in found}) == 1
    assert content(found[0]) == "chart 3"


def test_what_is_asked_for_later_is_in_what_comes_back() -> None:
    async def ask() -> tuple[Drawing, Drawing]:
        kept = Drawings()
        make = counting([3, 3, 5])
        first = asyncio.create_task(kept.at("a", 3, make))
        await asyncio.sleep(0)
        # The one that is being made may have begun before there was a 5.
        later = await kept.at("a", 5, make)
        return await first, later

    first, later = asyncio.run(ask())
    assert (first.revision, later.revision) == (3, 5)


class AskedAgain(Drawings):
    """Somebody asks for the next revision in the very moment in which one is made."""

    asking: asyncio.Task[Drawing] | None = None

    def _keep(self, key: object, drawing: Drawing) -> None:
        super()._keep(key, drawing)
        if self.asking is None:
            self.asking = asyncio.create_task(self.at(key, 2, lambda: (2, "chart")))


def test_who_asks_in_the_moment_in_which_one_is_made_gets_the_next() -> None:
    async def ask() -> int:
        kept = AskedAgain()
        await kept.at("a", 1, lambda: (1, "chart"))
        assert kept.asking is not None
        return (await kept.asking).revision

    assert asyncio.run(ask()) == 2


def test_who_has_one_waits_until_it_has_rested_and_who_has_none_does_not() -> None:
    async def ask() -> list[str]:
        kept, order = Drawings(), []
        await kept.at("a", 1, lambda: (1, "chart"))

        async def waiting() -> None:
            await kept.after_rest("a", 2, lambda: (2, "chart"))
            order.append("waited")

        again = asyncio.create_task(waiting())
        await kept.at("a", 2, lambda: (2, "chart"))
        order.append("at once")
        await again
        return order

    assert asyncio.run(ask()) == ["at once", "waited"]


def test_a_mistake_is_told_to_everybody_and_not_kept() -> None:
    def fail() -> tuple[int, str]:
        raise UnknownStudy("gone")

    async def ask() -> tuple[list[object], Drawing]:
        kept = Drawings()
        failed = await asyncio.gather(
            *(kept.at("a", 1, fail) for _ in range(3)), return_exceptions=True
        )
        return list(failed), await kept.at("a", 1, counting([1]))

    failed, drawing = asyncio.run(ask())
    assert all(isinstance(each, UnknownStudy) for each in failed)
    assert drawing.revision == 1


def test_who_leaves_takes_nothing_from_those_who_stay() -> None:
    async def ask() -> Drawing:
        kept, go = Drawings(), threading.Event()

        def make() -> tuple[int, str]:
            assert go.wait(10)
            return 1, "chart"

        leaving = asyncio.create_task(kept.at("a", 1, make))
        staying = asyncio.create_task(kept.at("a", 1, make))
        await asyncio.sleep(0)
        leaving.cancel()
        go.set()
        return await staying

    assert asyncio.run(ask()).revision == 1


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def making(name: str) -> Callable[[], tuple[int, str]]:
        def make() -> tuple[int, str]:
            made.append(name)
            return 1, "chart"

        return make

    async def ask() -> None:
        kept = Drawings()
        for name in ("a", "b", "b", "a"):
            await kept.at(name, 1, making(name))

    monkeypatch.setattr(drawings, "MOST_BYTES", 40)
    asyncio.run(ask())
    assert made == ["a", "b", "a"]
