"""What runs beside the requests: the reaper."""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool

from tuner_service.errors import TunerError
from tuner_service.service import reaper
from tuner_service.service.setup import Service

log = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0


async def reap_forever(service: Service, stopping: asyncio.Event) -> None:
    """Look for leases that ran out, until the server stops; a database that is away costs only a line in the log."""
    every = reaper.round_seconds(service.settings.lease_seconds)
    tidy_at = 0.0
    loop = asyncio.get_running_loop()
    while not stopping.is_set():
        try:
            await run_in_threadpool(reaper.reap, service)
            if loop.time() >= tidy_at:
                await run_in_threadpool(reaper.tidy, service)
                tidy_at = loop.time() + TIDY_SECONDS
        except TunerError as error:
            log.warning("the reaper will try again: %s", error.message)
        except (
            Exception
        ):  # whatever it was, the next round may work; without a reaper trials would be lost
            log.exception("the reaper failed and will try again")
        try:
            await asyncio.wait_for(stopping.wait(), every)
        except TimeoutError:
            continue
