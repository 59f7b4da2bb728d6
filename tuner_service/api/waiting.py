"""Waiting for news on the event loop."""

import asyncio

POLL_SECONDS = 1.0
"""How often one who waits looks for changes that another process made."""


async def first_of(rung: asyncio.Event, stopping: asyncio.Event, seconds: float) -> None:
    """Wait until one of them is set, or the time has passed."""
    waiting = [asyncio.create_task(rung.wait()), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
