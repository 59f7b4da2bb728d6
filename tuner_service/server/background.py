"""What runs beside the requests: looking after leases, and after files."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from tuner_service.errors import TunerError
from tuner_service.service.setup import Service
from tuner_service.service.upkeep import reaper

log = logging.getLogger(__name__)

DISCARD_SECONDS = 5.0
TIDY_SECONDS = 3600.0


@asynccontextmanager
async def looking_after(service: Service, stopping: asyncio.Event) -> AsyncIterator[None]:
    """Inside, leases that ran out are taken back, and files that are of no use any more go.

    Each at a pace of its own: a store that is slow to remove files must not keep anybody from the leases.
    """
    rounds = (
        (reaper.reap, reaper.round_seconds(service.settings.lease_seconds)),
        (reaper.discard, DISCARD_SECONDS),
        (reaper.tidy, TIDY_SECONDS),
    )
    tasks = [asyncio.create_task(_repeat(each, service, s, stopping)) for each, s in rounds]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def _repeat(
    look: Callable[[Service], object], service: Service, seconds: float, stopping: asyncio.Event
) -> None:
    """Until the server stops; a database that is away costs only a line in the log."""
    while not stopping.is_set():
        try:
            await run_in_threadpool(look, service)
        except TunerError as error:
            log.warning("%s will try again: %s", look.__name__, error.message)
        except Exception:  # whatever it was, the next round may work
            log.exception("%s failed and will try again", look.__name__)
        try:
            await asyncio.wait_for(stopping.wait(), seconds)
        except TimeoutError:
            continue
