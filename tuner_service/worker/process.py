"""A training process as its supervisor sees it: started, spoken to, listened to, ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import psutil

from tuner_service.domain.trial import Verdict
from tuner_service.worker.errors import Refused
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.messages import BadMessage, Message, parse
from tuner_service.worker.output import Output

LINGER_SECONDS = 3.0
"""How long a process whose socket is closed may take to end before it is killed."""


@dataclass(frozen=True)
class Program:
    """What to start for a slot, and the times it is given.

    The command gets one more argument: the number of the file descriptor on which it speaks.
    """

    command: Sequence[str] = (sys.executable, "-m", "tuner_service.trainer")
    start_seconds: float = 300.0
    stop_seconds: float = 30.0
    growth_bytes: int = 2 * 1024**3
    """A process that has grown by so much since it was ready is replaced after its trial.

    TensorFlow keeps something of every model that it compiled: 5 to 25 MB for small ones.
    """


@dataclass(frozen=True)
class Died:
    """The process is gone; its log is complete. ``returncode`` as ``subprocess`` has it: below 0 a signal."""

    returncode: int
    reason: str | None = None

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        if self.returncode >= 0:
            return f"the training process ended by itself with exit code {self.returncode}"
        number = -self.returncode
        meaning = signal.strsignal(number) or "unknown"
        if number == signal.SIGKILL:
            meaning += "; often the system was out of memory"
        return f"the training process ended by signal {number} ({meaning})"


@dataclass(frozen=True)
class Answer:
    """What the server said of a trial on a heartbeat."""

    trial: HeldTrial
    said: Verdict | Refused


@dataclass(frozen=True)
class StopRequested:
    """The worker is to end."""


Event = Message | Died | Answer | StopRequested


class Process:
    """One training process. All that happens to it, or to the trial in it, comes in order through ``next_event``."""

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._popen = subprocess.Popen(
                [*program.command, str(theirs.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # No other child inherits this socket: its end is how a process learns that its supervisor is gone.
                pass_fds=[theirs.fileno()],
                # Ctrl-C in a terminal goes to the whole foreground group; a child must hear of it from us alone, or
                # a trial that is to be given back would be reported as failed.
                start_new_session=True,
            )
        assert self._popen.stdout is not None
        self.output = Output(os.dup(self._popen.stdout.fileno()))
        self._popen.stdout.close()
        self._socket = ours
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._killed_because: str | None = None
        self._listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        self._listener.start()
        threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._listener.is_alive()

    @property
    def memory_bytes(self) -> int:
        """What it has of the machine's memory; 0 for a process that is gone."""
        try:
            return int(psutil.Process(self._popen.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def say(self, line: bytes) -> None:
        """Send a line. To a process that has died this does nothing: its death is an event already."""
        with contextlib.suppress(OSError):
            self._socket.sendall(line)

    def tell(self, event: Answer | StopRequested) -> None:
        """Add an event from another thread."""
        self._events.put(event)

    def next_event(self, timeout: float | None) -> Event | None:
        """The next event, waited for; None if there is none in this time (seconds)."""
        try:
            return self._events.get(timeout=timeout)
        except Empty:
            return None

    def kill(self, because: str | None = None) -> None:
        """End the process and all that it started, at once. Its death comes as an event, with this reason."""
        if self.alive:
            self._killed_because = self._killed_because or because
            self._kill_group()

    def hang_up(self) -> None:
        """Let the process end; it is killed if it has not within LINGER_SECONDS."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self, seconds: float | None = None) -> None:
        """Hang up, and return when the process is gone, or after so long."""
        self.hang_up()
        self._listener.join(seconds)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def _watch(self) -> None:
        """End what the process left behind: forks keep its socket open, so that the stream would never end."""
        self._popen.wait()
        self._kill_group()
        self.hang_up()  # what it said before is still read

    def _listen(self) -> None:
        try:
            self._read()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(LINGER_SECONDS)
        finally:  # whatever went wrong, a trial must not wait for a process that nobody hears
            self._kill_group()  # what it started goes with it
            self._events.put(Died(self._popen.wait(), self._killed_because))

    def _read(self) -> None:
        with self._socket, self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self._events.put(parse(line))
            except BadMessage as error:
                self.kill(because=str(error))
            except OSError:
                pass  # a reset is an end like any other
