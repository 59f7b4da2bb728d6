"""Processes that are started again when they die, as an orchestrator would."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

RESTART_SECONDS = 0.5


class Kept:
    """A command that is to run. ``environment`` may be changed; it counts from the next start on."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.environment = dict(environment)
        self.log = log
        self.asked_to_end = False
        self._command = list(command)
        self._popen: subprocess.Popen[bytes] | None = None
        self._died_at: float | None = None

    def start(self) -> None:
        self.asked_to_end = False
        self._died_at = None
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def runs(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def children(self) -> list[int]:
        """The training processes of a worker."""
        try:
            return [child.pid for child in psutil.Process(self.pid).children()]
        except psutil.NoSuchProcess:
            return []

    def send(self, number: signal.Signals) -> None:
        if self.runs:
            self.asked_to_end = self.asked_to_end or number == signal.SIGKILL
            os.kill(self.pid, number)
        if number == signal.SIGKILL and self._popen is not None:
            self._popen.wait()

    def tend(self) -> int | None:
        """Start it again if it has been dead for a moment; the exit code, once, if it ended by itself."""
        if self.runs or self._popen is None:
            return None
        if self._died_at is None:
            self._died_at = time.monotonic()
            return None if self.asked_to_end else self._popen.returncode
        if time.monotonic() - self._died_at >= RESTART_SECONDS:
            self.start()
        return None

    def end(self, seconds: float = 15.0) -> None:
        """Stop it for good, by force if it takes too long."""
        if self._popen is None:
            return
        children = self.children()
        if self.runs:
            self._popen.send_signal(signal.SIGCONT)
            self._popen.terminate()
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        for child in children:
            _kill(child)


class Keeper:
    """Tends processes in a thread of its own, and notes which ended without being asked to."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self.surprises: list[str] = []
        self._kept = kept
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _tend(self) -> None:
        while not self._over.wait(0.1):
            for process in self._kept:
                code = process.tend()
                if code is not None:
                    self.surprises.append(f"{process.name} ended by itself with exit code {code}")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
