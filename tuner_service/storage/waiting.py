"""Waiting for a turn: whether it is allowed, for how long, and who goes first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from tuner_service.errors import Unavailable

_may_wait: ContextVar[bool] = ContextVar("may_wait", default=True)
_has_reserve: ContextVar[bool] = ContextVar("has_reserve", default=False)


class WouldWait(Exception):
    """Going on would take a while, and whoever asked cannot wait. Nothing has happened."""


Lock: TypeAlias = "threading.Lock | threading.Semaphore"


@contextmanager
def held(lock: Lock, seconds: float | None = None) -> Iterator[None]:
    """Hold a lock, waiting for it at most so many seconds; None: for as long as it takes.

    Raises WouldWait if it is not free where waiting is not allowed, Unavailable if the time has passed.
    """
    with in_turn(lock, seconds) as is_held:
        if not is_held:
            raise busy()
        yield


@contextmanager
def in_turn(lock: Lock, seconds: float | None = None) -> Iterator[bool]:
    """The same for those who have something else to do: whether it is held, once it is or the time has passed."""
    is_held = lock.acquire(blocking=False)
    if not is_held:
        unhurried()
        is_held = lock.acquire() if seconds is None else lock.acquire(timeout=seconds)
    try:
        yield is_held
    finally:
        if is_held:
            lock.release()


def unhurried() -> None:
    """What comes next takes a while. Raises WouldWait where waiting is not allowed."""
    if not _may_wait.get():
        raise WouldWait


def may_wait() -> bool:
    return _may_wait.get()


def has_reserve() -> bool:
    """Whether this is one of the requests that are the last to suffer."""
    return _has_reserve.get()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Inside, what would have to wait raises WouldWait instead."""
    token = _may_wait.set(False)
    try:
        yield
    finally:
        _may_wait.reset(token)


@contextmanager
def reserved() -> Iterator[None]:
    """Inside, connections come from the reserve, and on SQLite writers go before all others."""
    token = _has_reserve.set(True)
    try:
        yield
    finally:
        _has_reserve.reset(token)


def busy() -> Unavailable:
    return Unavailable("the database is busy; try again later", code="database_busy")
