"""What a request to the server may end in.

ServerError
├── Unreachable     no answer, or only "not now": asking again may help
└── Refused         the server said no: asking again will not help
    ├── NotAllowed  it does not accept the token (401), or not for this (403)
    └── LeaseLost   the trial is no longer held under this attempt (409 stale_attempt)
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

LONGEST_RETRY_AFTER = 120.0
CUT = 0
"""In the place of a status: the reply, or the answer to an upload, never came through whole."""
GONE = frozenset({401, 403, 404})


class ServerError(Exception):
    """Base of what a request to the server may end in."""


class Unreachable(ServerError):
    """``retry_after``: the seconds that the server asked for, if it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Refused(ServerError):
    """``code`` is the stable word of the problem, or the empty string where the reply had none."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class NotAllowed(Refused):
    pass


class LeaseLost(Refused):
    pass


def is_lost(refusal: Refused) -> bool:
    """Whether there is nothing left to say of a trial, about which something was refused this way."""
    return isinstance(refusal, LeaseLost) or refusal.status in GONE


def not_now(response: httpx.Response) -> Unreachable:
    """A reply after which to ask again, as an error; Retry-After may be seconds or a date."""
    header = response.headers.get("Retry-After", "").strip()
    seconds: float | None = None
    try:
        if header.isdigit():
            seconds = float(header)
        elif header:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        pass  # a header that says nothing is no header
    if seconds is not None:
        seconds = min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
    return Unreachable(f"{response.status_code} {response.reason_phrase}", seconds)


def refusal(response: httpx.Response) -> Refused:
    """A reply that says no, as an error, with the words of its problem+json if it has one."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    status, code = response.status_code, str(problem.get("code", ""))
    detail = str(problem.get("detail") or f"{status} {response.reason_phrase}")
    if status == 409 and code == "stale_attempt":
        return LeaseLost(status, code, detail)
    if status == 401 or (status == 403 and code != "not_your_trial"):
        return NotAllowed(status, code, detail)
    return Refused(status, code, detail)
