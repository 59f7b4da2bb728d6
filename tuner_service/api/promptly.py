"""Use cases that take well under a millisecond, run without the detour over a thread where that is safe."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from tuner_service.service.setup import Service, WouldWait

Given = ParamSpec("Given")
Result = TypeVar("Result")


async def promptly(
    use_case: Callable[Concatenate[Service, Given], Result],
    service: Service,
    /,
    *given: Given.args,
    **named: Given.kwargs,
) -> Result:
    """Run a short use case on the event loop if the database is a file and free at this moment, else in a thread.

    A thread's turn costs about as much as the use case itself, with every epoch of every trial. Over a network the loop
    must not wait, nor for another process that holds the file's lock.
    """
    if service.database.is_sqlite:
        try:
            with service.database.without_waiting():
                return use_case(service, *given, **named)
        except WouldWait:
            pass  # nothing has happened: once more, where waiting hurts nobody
    return await run_in_threadpool(use_case, service, *given, **named)
