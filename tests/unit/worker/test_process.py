"""A training process ends with all that it started, and is not waited for without end."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.unit.worker.scripted_server import WAIT_SECONDS
from tuner_service.worker.process import Died, Process, Program

READY = """
import os, signal, socket, sys, time
connection = socket.socket(fileno=int(sys.argv[-1]))
connection.sendall(b'{"type": "ready", "backend": "none"}\\n')
"""
FORKS_AND_DIES = (
    READY
    + """
if (fork := os.fork()) == 0:
    time.sleep(600)
print(fork, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
)
DEAF = READY + "time.sleep(600)"


@contextmanager
def process(code: str) -> Iterator[Process]:
    started = Process(Program([sys.executable, "-S", "-c", code]), os.environ)
    try:
        yield started
    finally:
        started.kill()
        started.close()


def test_the_death_of_a_process_that_forked_is_noticed_and_its_fork_ends_with_it() -> None:
    with process(FORKS_AND_DIES) as forked:
        assert forked.next_event(WAIT_SECONDS) is not None
        died = forked.next_event(WAIT_SECONDS)
        assert isinstance(died, Died)
        assert died.returncode == -9
        [fork] = map(int, forked.output.lines())
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(fork).wait(WAIT_SECONDS)


def test_a_process_that_stays_is_waited_for_no_longer_than_said() -> None:
    with process(DEAF) as deaf:
        assert deaf.next_event(WAIT_SECONDS) is not None
        deaf.close(0.0)
        assert deaf.alive
