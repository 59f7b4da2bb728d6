"""The ``tuner`` program: one that serves, and commands to it, as a user and a script would give them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuner_service.client import Client

TUNER = (sys.executable, "-m", "tuner_service.cli")
STUDY = """\
name: {name}
executor: external
search_space:
  parameters:
    - {{name: x, type: float, min: -1, max: 1}}
    - {{name: lr, type: float, min: 1e-4, max: 1e-1, log: true}}
objectives: [{{metric: loss, direction: minimize}}]
search: {{algorithm: random, seed: 3}}
budget: {{trials: 3}}
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUNER_")}
    return {**kept, "TUNER_HOME": str(home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


class Server:
    """A ``tuner`` process that serves, and what it has said."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [*TUNER, arguments[0], "--port", "0", "--home", str(home), *arguments[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(home),
        )
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("log in"):
                break
        else:
            raise AssertionError(f"it ended with {self.process.wait()}: {self.said}")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = self.fact("server")

    def fact(self, name: str) -> str:
        return next(line for line in self.said if line.startswith(name))[len(name) :].strip()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.said.extend(line.rstrip() for line in output)

    def stop(self, number: int = signal.SIGTERM) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._reader.join(10)
        return code


@contextlib.contextmanager
def serving(home: Path, *arguments: str) -> Iterator[Server]:
    server = Server(home, *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def tuner(
    server: Server, *arguments: str, given: str | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*TUNER, *arguments],
        input=given,
        capture_output=True,
        text=True,
        env=environment(server.home),
        timeout=60,
        check=False,
    )
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def read(server: Server, *arguments: str) -> Any:
    return json.loads(tuner(server, *arguments, "--json").stdout)


def read_failing(server: Server, *arguments: str) -> Any:
    return json.loads(tuner(server, *arguments, "--json", code=1).stdout)


def create(server: Server, name: str) -> None:
    tuner(server, "study", "create", "-", given=STUDY.format(name=name))


def work(client: Client, study: str, most: int = 1000) -> None:
    """Train trials as an external executor does, until there is no more work."""
    for _ in range(most):
        if (held := client.claim(study, worker="laptop")) is None:
            return
        for epoch in range(2):
            loss = float(held.parameters["x"]) ** 2 + 1 / (epoch + 1)
            client.report(held, epoch=epoch, metrics={"loss": loss})
        client.finish(held)
