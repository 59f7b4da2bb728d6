"""Heartbeats and epochs of 64 workers while a bayesian study of 10,000 trials is asked without pause.

Half of the workers hold trials of that study, half of another one. Each sends a heartbeat and an epoch every
second, over a connection of its own, from one event loop. Two more claim and finish trials of the large study one
after another. On SQLite, and on Postgres where it is installed.
"""

import asyncio
import itertools
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks import large_study
from benchmarks.service import Caller, running
from tests import postgres
from tuner_service.home import find_server, read_token
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings

TRIALS = 10_000
WORKERS, ASKERS = 64, 2
PAUSE_SECONDS = 0.5
"""Between a heartbeat and an epoch, and before the next heartbeat."""
PHASE_SECONDS = 20.0
AIM_MS = 250
ASKED, OTHER = "bayesian", "random"


@dataclass
class Beating:
    """A worker with a running trial; how many milliseconds each of its requests took."""

    study: str
    number: int
    attempt: int
    heartbeats: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)
    epoch: int = 0

    async def work(self, url: str, token: str, until: asyncio.Event) -> None:
        where = urlsplit(url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"Host: {where.netloc}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json"
        path = f"/v1/studies/{self.study}/trials/{self.number}"

        async def post(what: str, body: dict[str, Any]) -> float:
            content = json.dumps(body)
            began = time.perf_counter()
            writer.write(
                f"POST {path}/{what} HTTP/1.1\r\n{head}\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()
            )
            reply = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(reply.split("content-length: ")[1].split("\r\n")[0])
            answer = await reader.readexactly(length)
            taken = (time.perf_counter() - began) * 1000
            if json.loads(answer).get("verdict") != "continue":
                raise RuntimeError(answer.decode())
            return taken

        await asyncio.sleep(random.random() * 2 * PAUSE_SECONDS)
        while not until.is_set():
            self.heartbeats.append(await post("heartbeat", {"attempt": self.attempt}))
            await asyncio.sleep(PAUSE_SECONDS)
            # Better than all the others, so that no rule ends the trial.
            body = {"attempt": self.attempt, "epoch": self.epoch, "metrics": {"loss": -1.0}}
            self.epochs.append(await post("epochs", body))
            self.epoch += 1
            await asyncio.sleep(PAUSE_SECONDS)
        writer.close()


class Asking:
    """Claims and finishes trials of the large study until it is told to stop."""

    _keys = itertools.count()

    def __init__(self, url: str, token: str) -> None:
        self.taken: list[float] = []
        self._call = Caller(url, token)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            trial = claimed(self._call, ASKED)
            self.taken.append((time.perf_counter() - began) * 1000)
            result = {"attempt": trial["attempt"], "state": "completed", "values": {"loss": 1.0}}
            self._call("POST", f"/v1/studies/{ASKED}/trials/{trial['number']}/finish", result)


def claimed(call: Caller, study: str) -> dict[str, Any]:
    key = f"beats-{next(Asking._keys)}"
    trial: dict[str, Any] = call(
        "POST", "/v1/claims", {"worker": "bench", "key": key, "study": study}
    )
    return trial


def held(call: Caller, study: str, count: int) -> list[Beating]:
    trials = (claimed(call, study) for _ in range(count))
    return [Beating(study, trial["number"], trial["attempt"]) for trial in trials]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", Path(folder), None)
    if postgres.binaries() is None:
        print("beats: Postgres is not installed")
        return
    with postgres.cluster() as url, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE beats")
        measure("Postgres", Path(folder), f"{url}/beats")


def measure(database: str, home: Path, url: str | None) -> None:
    with open_service(Settings(home=home, database_url=url)) as service:
        large_study.write(service, ASKED, TRIALS)
        large_study.write(service, OTHER, 100)
    with running(home, "--no-worker", database_url=url) as call:
        found, token = find_server(home), read_token(home)
        assert found is not None
        assert token is not None
        others = held(call, OTHER, WORKERS // 2)
        with beating(others, found.url, token):
            time.sleep(2)
            began = time.perf_counter()
            same = held(call, ASKED, 1)
            first = time.perf_counter() - began
        print(f"{database}, while the first ask reads the study ({first:.1f} s): {told(others)}")
        workers = [*others, *same, *held(call, ASKED, WORKERS // 2 - 1)]
        before = loop_seconds(found.pid)
        with beating(workers, found.url, token):
            time.sleep(PHASE_SECONDS)
        print(f"{database}, {WORKERS} workers, nobody asks: {told(workers)}")
        print(f"  {of_the_loop(before, found.pid)}", flush=True)
        asking = [Asking(found.url, token) for _ in range(ASKERS)]
        before = loop_seconds(found.pid)
        with beating(workers, found.url, token):
            for each in asking:
                each.start()
            time.sleep(PHASE_SECONDS)
            for each in asking:
                each.stop()
        asks = [ms for each in asking for ms in each.taken]
        print(
            f"{database}, {WORKERS} workers, {len(asks) / PHASE_SECONDS:.1f} asks a second "
            f"(p50 {statistics.median(asks):.0f} ms by {ASKERS}): {told(workers)} (aim: p99 {AIM_MS} ms)"
        )
        print(f"  {of_the_loop(before, found.pid)}", flush=True)


def loop_seconds(server: int) -> tuple[float, float]:
    """How long the server's first thread, which is the event loop, has run, and was kept waiting for a core."""
    ran, waited, _ = Path(f"/proc/{server}/task/{server}/schedstat").read_text().split()
    return int(ran) / 1e9, int(waited) / 1e9


def of_the_loop(before: tuple[float, float], server: int) -> str:
    ran, waited = (now - then for now, then in zip(loop_seconds(server), before, strict=True))
    return (
        f"in these {PHASE_SECONDS:g} s the server's loop ran {ran:.1f} s, and {waited:.1f} s it waited for a core "
        "that other programs had"
    )


@contextmanager
def beating(workers: list[Beating], url: str, token: str) -> Iterator[None]:
    """Inside, the workers beat; what they measured before is forgotten. Raises what they raised."""
    for worker in workers:
        worker.heartbeats.clear()
        worker.epochs.clear()
    loop, until = asyncio.new_event_loop(), asyncio.Event()
    failures: list[BaseException] = []

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            for worker in workers:
                tasks.create_task(worker.work(url, token, until))

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join()
        loop.close()
    if failures:
        raise failures[0]


def told(workers: list[Beating]) -> str:
    """What requests took, and forget it."""
    kinds = {
        "heartbeats": [ms for worker in workers for ms in worker.heartbeats],
        "epochs": [ms for worker in workers for ms in worker.epochs],
    }
    said = []
    for kind, taken in kinds.items():
        cuts = statistics.quantiles(taken, n=100)
        said.append(
            f"{kind} p50 {cuts[49]:.1f}, p99 {cuts[98]:.1f}, max {max(taken):.0f} ms ({len(taken)})"
        )
    return "; ".join(said)
