"""A ``tuner up`` of one's own: started as a user would start it, stopped as a user would stop it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tuner_service.cli.failure import UserError
from tuner_service.cli.options import DEFAULT_GRACE_SECONDS
from tuner_service.home import find_server

START_SECONDS = 60.0
ELSEWHERE = frozenset({"TUNER_DATABASE_URL", "TUNER_ARTIFACTS_URL", "TUNER_URL", "TUNER_TOKEN"})
PATIENT = "TUNER_GRACE_SECONDS"
"""Not passed on either: whoever waits for the service here waits for the usual time."""

LOGIN = re.compile(r"^log in +(\S+)$", re.MULTILINE)
"""As ``tuner up`` prints its link."""


@dataclass(frozen=True)
class Started:
    """``login``: the link that logs a browser in, once."""

    url: str
    login: str


@contextmanager
def running_service(home: Path, *, slots: int) -> Iterator[Started]:
    """A server on a free port with a local worker, stopped however the block is left."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = home / "up.log"
    command = [
        *(sys.executable, "-m", "tuner_service.cli", "up"),
        *("--home", str(home), "--port", "0", "--slots", str(slots)),
    ]
    # Nothing but the home decides where this service keeps what it has.
    environment = {name: v for name, v in os.environ.items() if name not in {*ELSEWHERE, PATIENT}}
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with log.open("wb") as output:
            # A session of its own: Ctrl-C comes to this process alone, which then stops the service.
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield _wait_until_ready(process, home, log)
        finally:
            _stop(process)
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_until_ready(process: subprocess.Popen[bytes], home: Path, log: Path) -> Started:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            last = log.read_text(errors="replace").strip().removeprefix("error: ")
            raise UserError(f"the service did not start: {last or 'it said nothing'}")
        server = find_server(home)
        link = LOGIN.search(log.read_text(errors="replace"))
        # The process: not a dead one's from before.
        if link is not None and server is not None and server.pid == process.pid:
            return Started(server.url, link[1])
        time.sleep(0.05)
    raise UserError(f"the service did not start within {START_SECONDS:g} s; see {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(DEFAULT_GRACE_SECONDS + 15)
    except subprocess.TimeoutExpired:
        process.kill()  # its worker notices that its parent is gone
        process.wait()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
