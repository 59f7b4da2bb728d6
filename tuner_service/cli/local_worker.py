"""The worker that ``tuner up`` keeps: a process beside the server, started again should it die."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

NAME = "local"
MARGIN_SECONDS = 3.0
"""So much later than a worker should have ended by itself it is killed."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""A worker that lived this long is not failing at its start; the next pause is a short one again."""
SERVER_SECRETS = frozenset({"TUNER_DATABASE_URL", "TUNER_ARTIFACTS_URL"})
LARGEST_LOG_BYTES = 16 * 1024**2


class LocalWorker:
    """Keeps one worker process running until ``stop``; what it prints goes to a file in the home."""

    def __init__(
        self,
        home: Path,
        token: str,
        slots: int | None,
        folders: Mapping[str, str | None],
        *,
        grace_seconds: float,
        say: Callable[[str], None] = typer.echo,
    ) -> None:
        self._home = home
        self._token = token
        self._slots = slots
        self._folders = folders
        self._grace_seconds = grace_seconds
        self._say = say
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    @property
    def log(self) -> Path:
        return self._home / "worker.log"

    def start(self, url: str) -> None:
        self._keeper = threading.Thread(target=self._keep, args=(url,), name="local-worker")
        self._keeper.start()

    def stop(self) -> None:
        """Ask the worker to give its trials back and wait; kill it if it does not end in its grace time.

        Asked again meanwhile, it ends at once.
        """
        with self._starting:  # no process may be started once this has looked
            self._stopping.set()
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(self._grace_seconds + MARGIN_SECONDS)
            except subprocess.TimeoutExpired:
                self._say(f"the worker did not stop within {self._grace_seconds:g} s and is killed")
                process.kill()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self, url: str) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            process = self._spawn(url)
            if process is None:
                return
            code = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._say(
                f"the worker ended unexpectedly ({_ending(code)}) and is started again "
                f"in {pause:g} s; see {self.log}"
            )
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _spawn(self, url: str) -> subprocess.Popen[bytes] | None:
        command = [
            *(sys.executable, "-m", "tuner_service.cli", "worker"),
            *("--url", url, "--name", NAME, "--stop-with-parent"),
            *("--folder", str(self._home / "worker")),
            *("--grace-seconds", str(self._grace_seconds)),
        ]
        for flag, value in self._folders.items():
            command += [flag, value] if value else []
        if "TUNER_CACHE" not in os.environ:
            command += ["--cache", str(self._home / "cache")]
        if self._slots is not None:
            command += ["--slots", str(self._slots)]
        with self._starting:
            if self._stopping.is_set():
                return None
            _rotate(self.log)
            with self.log.open("ab") as log:
                # A session of its own: a terminal's Ctrl-C must reach the worker through ``stop``
                # alone, while the server can still take its trials back.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,  # closed by the system if this process is killed
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=self._environment(),
                    start_new_session=True,
                )
            return self._process

    def _environment(self) -> dict[str, str]:
        """The token goes this way, as arguments are for everyone to see; the server's secrets do not."""
        kept = {name: v for name, v in os.environ.items() if name not in SERVER_SECRETS}
        return {**kept, "TUNER_TOKEN": self._token, "PYTHONUNBUFFERED": "1"}


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
