"""A scripted server, and real workers beside it that end with the test."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.unit.worker.scripted_server import WAIT_SECONDS, ScriptedServer

WORKER = Path(__file__).with_name("scripted_worker.py")
ROOT = Path(__file__).parents[3]
TOKEN = "very-secret-token"


@dataclass
class Worker:
    """A running worker, and what it logged so far."""

    popen: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        with self.popen.stdout as output:
            self.lines.extend(output)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.popen.pid).children()

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def wait_for_line(self, part: str, count: int = 1) -> None:
        """Until so many lines of the log have this in them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while sum(part in line for line in self.lines) < count:
            alive = self.popen.poll() is None and time.monotonic() < deadline
            assert alive, f"no {count} lines with {part!r} in:\n{self.log}"
            time.sleep(0.01)

    def exit_code(self) -> int:
        code = self.popen.wait(WAIT_SECONDS)
        self.reader.join()
        return code


StartWorker = Callable[..., Worker]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    script = ScriptedServer()
    script.start()
    yield script
    script.stop()


@pytest.fixture
def start_worker(server: ScriptedServer, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts a worker; arguments: how many slots, more environment, more arguments."""
    workers: list[Worker] = []

    def start(slots: int = 1, *arguments: str, **environment: str) -> Worker:
        popen = subprocess.Popen(
            [sys.executable, str(WORKER), server.url, str(tmp_path), str(slots), *arguments],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TUNER_TOKEN": TOKEN,
                "NO_PROXY": "127.0.0.1",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        workers.append(Worker(popen))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.popen.poll() is None:
            worker.popen.kill()
        worker.popen.wait(WAIT_SECONDS)
        worker.reader.join()
        assert worker.popen.stdin is not None
        worker.popen.stdin.close()
