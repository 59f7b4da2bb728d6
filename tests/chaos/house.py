"""A whole installation that may be harmed: database, server, network, workers, and what they were told."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.database import Database, Postgres, Row, Sqlite, patiently
from tests.chaos.disk import Disk, small_disk
from tests.chaos.invariants import Violation
from tests.chaos.journal import Journal
from tests.chaos.network import Network
from tests.chaos.processes import Keeper, Kept
from tests.chaos.proxy import Proxy
from tuner_service.home import read_token

ROOT = Path(__file__).parents[2]
TUNER = (sys.executable, "-m", "tuner_service.cli")
LEASE_SECONDS = 3.0
CHECKPOINT_SECONDS = 0.25
ARTIFACTS_MEGABYTES = 64
READY_SECONDS = 60.0
WORKERS, SLOTS = 3, 2
PLACES: dict[str, Callable[[Path], Database]] = {"sqlite": Sqlite, "postgres": Postgres}


@dataclass(frozen=True)
class Blow:
    """A process that was killed or stopped, at a time in seconds since the epoch, and the attempts that it held."""

    at: float
    fault: str
    held: tuple[tuple[int, int, int], ...]
    """Study's id, trial's number, attempt."""


class House:
    """Entered, everything runs; left, nothing does."""

    def __init__(self, folder: Path, kind: str, seed: str) -> None:
        self.folder = folder
        self.artifacts = folder / "artifacts"
        self._home = folder / "home"
        self._home.mkdir(parents=True)
        self.database = PLACES[kind](folder / "database")
        self.artifacts_disk: Disk = small_disk(self.artifacts, ARTIFACTS_MEGABYTES)
        self.journal = Journal(folder / "journal.jsonl")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.network = Network(seed)
        self.proxy = Proxy(self.port, self.network, self.journal)
        self.blows: list[Blow] = []
        self.outages: list[tuple[float, float]] = []
        """When there was no server: from, to, in seconds since the epoch."""
        self.orphans: set[Path] = set()
        """Files without a row that an earlier scenario has left in the store."""
        self.told: set[Violation] = set()
        """Violations that an earlier scenario has reported."""
        self.server = Kept(
            "server",
            [*TUNER, "serve", "--port", str(self.port)],
            self._environment(),
            folder / "server.log",
        )
        self.workers: list[Kept] = []
        self._keeper: Keeper | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)

    def __enter__(self) -> "House":
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def surprises(self) -> list[str]:
        """Processes that ended without being killed."""
        return self._keeper.surprises if self._keeper else []

    def _open(self) -> None:
        self.proxy.start()
        self.server.start()
        self.until_ready()
        token = read_token(self._home)
        assert token is not None
        self.token = token
        self.client.headers["Authorization"] = f"Bearer {token}"
        self.workers = [self._worker(f"w{number}") for number in range(WORKERS)]
        self._keeper = Keeper([self.server, *self.workers])
        for worker in self.workers:
            worker.start()
        self._keeper.start()

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
        for process in (*self.workers, self.server):
            process.end()
        self.client.close()
        if self.proxy.port:
            self.proxy.close()
        self.journal.close()
        self.database.close()
        self.artifacts_disk.close()

    def _environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TUNER_")}
        return clean | {
            "PYTHONPATH": str(ROOT),
            "NO_PROXY": "127.0.0.1",
            "TUNER_HOME": str(self._home),
            "TUNER_DATABASE_URL": self.database.url,
            "TUNER_ARTIFACTS_URL": str(self.artifacts),
            "TUNER_LEASE_SECONDS": str(LEASE_SECONDS),
            "TUNER_CHECKPOINT_SECONDS": str(CHECKPOINT_SECONDS),
        }

    def _worker(self, name: str) -> Kept:
        environment = self._environment()
        created = subprocess.run(
            [*TUNER, "token", "create", "--role", "worker", "--name", name],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        folder = self.folder / name
        folder.mkdir()
        where = [f"http://127.0.0.1:{self.proxy.port}", str(folder), name, str(SLOTS)]
        return Kept(
            name,
            [sys.executable, "-m", "tests.chaos.worker", *where],
            environment | {"TUNER_TOKEN": created.stdout.strip()},
            self.folder / f"{name}.log",
        )

    def until_ready(self) -> None:
        """Wait until the server answers. Raises TimeoutError."""
        self.until("the server answers", READY_SECONDS, self._is_ready)

    def until(self, what: str, seconds: float, so: Callable[[], bool]) -> None:
        """Wait for something, looking ten times a second. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not so():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:g} s: {what}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request beside the network, repeated while the server is away. Raises TimeoutError, HTTPStatusError."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                reply = self.client.request(method, path, json=body, headers=headers)
                if reply.status_code not in (429, 500, 502, 503, 504):
                    return reply.raise_for_status()
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"no answer to {method} {path}")
            time.sleep(0.2)

    def create(self, name: str, body: Any) -> None:
        """Open a study; the key makes the repetition of a lost answer harmless."""
        self.ask("POST", "/v1/studies", body, **{"Idempotency-Key": name})

    def held(self, worker: str | None = None) -> tuple[tuple[int, int, int], ...]:
        """The attempts that are running, of one worker or of all."""
        sql = "SELECT study_id, number, attempt, worker FROM trials WHERE state = 'running'"
        rows = patiently(self.database, sql)
        return tuple(
            (row["study_id"], row["number"], row["attempt"])
            for row in rows
            if worker in (None, row["worker"])
        )

    def note(self, fault: str, worker: str | None) -> None:
        """Note a blow that has just been dealt."""
        at = time.time()
        self.blows.append(Blow(at, fault, self.held(worker)))

    def note_trial(self, fault: str, trial: tuple[str, int, int]) -> None:
        """Note a blow against the process that trains this attempt: study, number, attempt."""
        at = time.time()
        name, *attempt = trial
        study = next(row["id"] for row in self.studies() if row["name"] == name)
        held = (study, attempt[0], attempt[1])
        self.blows.append(Blow(at, fault, (held,)))

    def watch_server(self) -> None:
        """Note from now on for how long there is no server."""
        killed_at = time.time()

        def watch() -> None:
            with contextlib.suppress(TimeoutError):
                self.until_ready()
                self.outages.append((killed_at, time.time()))

        threading.Thread(target=watch, name="watch server", daemon=True).start()

    def steer(self, study: str, action: str) -> None:
        """Pause or resume a study, if it is not over."""
        with contextlib.suppress(httpx.HTTPStatusError):
            self.ask("POST", f"/v1/studies/{study}/{action}")

    def news(self, found: Sequence[Violation]) -> list[Violation]:
        """Those that were not told before: the books are read whole after each scenario."""
        fresh = [violation for violation in found if violation not in self.told]
        self.told.update(fresh)
        return fresh

    def studies(self) -> list[Row]:
        return patiently(self.database, "SELECT id, name, state FROM studies ORDER BY id")

    def calm(self) -> None:
        """End every trouble that may still be going on."""
        self.network.stormy = False
        pids = [*self.database.pids(), *([self.server.pid] if self.server.runs else [])]
        self.artifacts_disk.free(pids)
        self.database.disk.free(pids)
        self.database.recover()
