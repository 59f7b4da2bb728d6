"""What a worker is started with."""

import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import platformdirs

from tuner_service.wire import NAME

DEFAULT_CACHE = Path(platformdirs.user_cache_dir("tuner"))
DEFAULT_CACHE_BYTES = 20 * 1024**3
DEFAULT_GRACE_SECONDS = 9.0
"""Container runtimes kill 10 s after they asked to stop."""
LONGEST_GRACE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class WorkerOptions:
    """``slots`` None: as many as the machine is good for.

    ``folder``: where trials' files lie until they are uploaded; default: where the system has temporary files.
    """

    url: str
    token: str = field(repr=False)
    name: str = ""
    """Empty: made of the host's name and the process id."""
    slots: int | None = None
    folder: Path | None = None
    search_spaces: tuple[Path, ...] = ()
    """Folders of the user's own models."""
    datasets: tuple[Path, ...] = ()
    """Folders of data that stays on this machine."""
    weights: Path | None = None
    """The folder of weights for pretrained bases; None: where Keras keeps its own."""
    cache: Path = DEFAULT_CACHE
    """Where fetched and prepared data is kept, for all workers of this user."""
    cache_bytes: int = DEFAULT_CACHE_BYTES
    grace_seconds: float = DEFAULT_GRACE_SECONDS
    """From the wish to stop to the end: checkpoints go up and trials are given back within it."""
    stop_with_parent: bool = False
    """Standard input is a pipe that the parent holds; its end means: stop."""


class BadOptions(ValueError):
    """The message is meant for the user."""


def check(options: WorkerOptions) -> None:
    """Raises BadOptions, with a message that does not repeat the token."""
    try:
        url = httpx.URL(options.url)
    except httpx.InvalidURL as error:
        raise BadOptions(f"TUNER_URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        # Not repeated: it may hold a password.
        raise BadOptions("TUNER_URL: the server's address must be like http://host:port")
    if not options.token or not re.fullmatch(r"[\x21-\x7e]+", options.token):
        raise BadOptions("TUNER_TOKEN: there is no token, or it has characters that no token has")
    if options.slots is not None and options.slots < 1:
        raise BadOptions(f"--slots: at least 1, got {options.slots}")
    for flag, folders in (("search-spaces", options.search_spaces), ("datasets", options.datasets)):
        for folder in folders:
            if not folder.is_dir():
                raise BadOptions(f'--{flag}: "{folder}" is no folder')
    try:
        options.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOptions(f'--cache: cannot use "{options.cache}": {error.strerror}') from error
    if not os.access(options.cache, os.W_OK | os.X_OK):
        raise BadOptions(f'--cache: cannot write to "{options.cache}"')
    if options.cache_bytes < 1:
        raise BadOptions(f"TUNER_CACHE_BYTES: at least 1, got {options.cache_bytes}")
    if not 1.0 <= options.grace_seconds <= LONGEST_GRACE_SECONDS:
        raise BadOptions(
            f"--grace-seconds: from 1 to {LONGEST_GRACE_SECONDS:g}, got {options.grace_seconds:g}"
        )
    if options.name and not re.fullmatch(NAME, options.name):
        raise BadOptions(
            f'--name: "{options.name}" is no worker\'s name; allowed are letters, digits, '
            '".", "_" and "-", not in the first place'
        )


def default_name() -> str:
    """The host's name and the process id, as a URL can hold it."""
    host = re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname()).strip("-._")[:100]
    return f"{host or 'worker'}-{os.getpid()}"
