"""Use cases that take well under a millisecond, run without the detour over a thread where that is safe."""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from tuner_service.service.setup import RESERVE, Service, WouldWait

Given = ParamSpec("Given")
Result = TypeVar("Result")

_reserve: RunVar[CapacityLimiter] = RunVar("reserve")
"""Threads that only ``urgently`` uses, as many as the database has connections for them."""
_patient: RunVar[CapacityLimiter] = RunVar("patient")
"""Threads that only ``patiently`` uses."""
PATIENT = 16


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
    call = partial(use_case, service, *given, **named)
    return await _run(service, call, threads=_common)


async def patiently(
    use_case: Callable[Concatenate[Service, Given], Result],
    service: Service,
    /,
    *given: Given.args,
    **named: Given.kwargs,
) -> Result:
    """The same for what may stand in line for seconds: claims, of which one a study searches at a time.

    However many do, they leave the threads to everything else.
    """
    call = partial(use_case, service, *given, **named)
    return await _run(service, call, threads=_of_the_patient)


async def urgently(
    use_case: Callable[Concatenate[Service, Given], Result],
    service: Service,
    /,
    *given: Given.args,
    **named: Given.kwargs,
) -> Result:
    """The same for what is the last to suffer: heartbeats, epochs, and whose they are.

    Long lists, exports and dashboards may use up every thread and every connection but those that are kept for this.
    """
    call = partial(use_case, service, *given, **named)
    with service.database.reserved():
        return await _run(service, call, threads=_kept)


async def _run(
    service: Service, call: Callable[[], Result], threads: Callable[[], CapacityLimiter]
) -> Result:
    if service.database.is_sqlite:
        try:
            with service.database.without_waiting():
                return call()
        except WouldWait:
            pass  # nothing has happened: once more, where waiting hurts nobody
    return await to_thread.run_sync(call, limiter=threads())


def _common() -> CapacityLimiter:
    return to_thread.current_default_thread_limiter()


def _kept() -> CapacityLimiter:
    return _own(_reserve, RESERVE)


def _of_the_patient() -> CapacityLimiter:
    return _own(_patient, PATIENT)


def _own(threads: RunVar[CapacityLimiter], count: int) -> CapacityLimiter:
    try:
        return threads.get()
    except LookupError:
        limiter = CapacityLimiter(count)
        threads.set(limiter)
        return limiter
