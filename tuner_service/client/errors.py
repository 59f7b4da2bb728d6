"""What a caller of the service may have to handle.

ClientError
├── NotConfigured      no URL or no token was found in any of the three places
├── ServerUnreachable  nobody answered, or the connection broke
├── ApiError           the server said no; ``status``, ``code``, ``detail`` and ``errors`` say why
├── BadDownload        a file arrived that is not the one the server described
├── BadStudyFile       a study's file cannot be read; the message names file and line
└── BadDatasetFile     a data set's file cannot be read, or its name says no format

No message ever holds a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ClientError(Exception):
    """Base of everything that the client raises on purpose."""


class NotConfigured(ClientError):
    """The message names the places that were looked at."""


class ServerUnreachable(ClientError):
    """Nobody answered at ``url``, or the connection broke in the middle."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no answer from the server at {url}: {reason}")
        self.url = url
        self.reason = reason


@dataclass(frozen=True)
class FieldProblem:
    """One thing that is wrong with a request: where (from the body's top) and what."""

    loc: tuple[str | int, ...]
    msg: str


class ApiError(ClientError):
    """The server refused the request (RFC 9457 problem details)."""

    def __init__(
        self, status: int, code: str, detail: str, errors: Sequence[FieldProblem] = ()
    ) -> None:
        super().__init__(f"{detail} ({status} {code})")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)


class BadDownload(ClientError):
    """A file arrived, but not the one that the server described; nothing was kept of it."""

    def __init__(self, name: str, *, expected: str, got: str) -> None:
        super().__init__(f'artifact "{name}" arrived with sha256 {got}, expected {expected}')
        self.name = name


class BadStudyFile(ClientError):
    """A study's file cannot be read; the message names the file and the line, if there is one."""


class BadDatasetFile(ClientError):
    """A data set's file cannot be read here, or its format is not known; the message names the file."""
