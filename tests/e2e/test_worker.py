"""A real server and real workers that train Keras models, with kills in the middle."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tuner_service.home import read_token

TUNER = (sys.executable, "-m", "tuner_service.cli")
ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 180.0
EPOCHS = 20
STUDY = {
    "name": "cancer",
    "search_space": "dense",
    "dataset": "breast_cancer",
    "search": {"algorithm": "random", "seed": 1},
    "training": {
        "epochs": EPOCHS,
        "batch_size": 16,
        "early_stopping": {"monitor": "val_loss", "patience": EPOCHS},
    },
    "budget": {"trials": 3},
}


class House:
    """One home, one port, and the processes that a test starts there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        log = self.home.parent / f"{arguments[0]}-{len(self.started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*TUNER, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "TUNER_HOME": str(self.home),
                    "NO_PROXY": "127.0.0.1",
                    **environment,
                },
            )
        self.started.append(process)
        return process

    def serve(self, lease_seconds: float = 60.0) -> subprocess.Popen[bytes]:
        process = self.start(
            "serve", "--port", str(self.port), TUNER_LEASE_SECONDS=str(lease_seconds)
        )
        self.until(self._is_ready, process)
        self.client.headers["Authorization"] = f"Bearer {read_token(self.home)}"
        return process

    def work(self, name: str, slots: int = 1) -> subprocess.Popen[bytes]:
        token = subprocess.run(
            [*TUNER, "token", "create", "--role", "worker", "--name", name],
            env={**os.environ, "PYTHONPATH": str(ROOT), "TUNER_HOME": str(self.home)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return self.start(
            *("worker", "--url", str(self.client.base_url), "--name", name, "--slots", str(slots)),
            TUNER_TOKEN=token.strip(),
        )

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def trials(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/v1/studies/cancer/trials")["items"]
        return items

    def epochs(self, number: int) -> list[int]:
        items = self.get(f"/v1/studies/cancer/trials/{number}/epochs")["items"]
        return [item["epoch"] for item in items]

    def until(self, so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """Wait for something that this process brings about."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not so():
            assert process.poll() is None, self.logs()
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.05)

    def completed(self) -> bool:
        state = self.get("/v1/studies/cancer")["state"]
        assert state in ("running", "completed"), self.logs()
        return bool(state == "completed")

    def logs(self) -> str:
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')}"
            for log in sorted(self.home.parent.glob("*.log"))
        )

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.client.close()
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path / "home")
    yield opened
    opened.close()


def test_a_study_survives_a_kill_of_the_server(house: House) -> None:
    server = house.serve()
    worker = house.work("first")
    house.client.post("/v1/studies", json=STUDY).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    server.kill()
    server.wait()
    house.serve()
    house.until(house.completed, worker)

    trials = house.trials()
    assert [(trial["state"], trial["attempt"]) for trial in trials] == [("completed", 1)] * 3
    for trial in trials:
        assert house.epochs(trial["number"]) == list(range(EPOCHS))
        assert trial["model_parameters"] > 0
    folder = "/v1/studies/cancer/trials/0/artifacts"
    files = {item["name"]: item for item in house.get(folder)["items"]}
    assert set(files) == {"model.keras", "training.csv", "log.txt"}
    model = house.client.get(f"{folder}/model.keras").content
    assert hashlib.sha256(model).hexdigest() == files["model.keras"]["sha256"]

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0, house.logs()


def test_a_study_survives_a_kill_of_its_worker(house: House) -> None:
    server = house.serve(lease_seconds=2)
    worker = house.work("first")
    house.client.post("/v1/studies", json=STUDY).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    children = psutil.Process(worker.pid).children()
    worker.kill()
    worker.wait()
    assert not psutil.wait_procs(children, 60)[1], "a training process outlived its supervisor"
    second = house.work("second")
    house.until(house.completed, second)

    trials = house.trials()
    assert [trial["state"] for trial in trials] == ["completed"] * 3
    assert [house.epochs(trial["number"]) for trial in trials] == [list(range(EPOCHS))] * 3
    assert max(trial["attempt"] for trial in trials) == 2
    assert trials[-1]["worker"] == "second"
    progress = house.get("/v1/studies/cancer")["progress"]
    assert progress["completed"] == progress["budget"] == 3
    assert server.poll() is None


def test_a_stopped_worker_gives_its_trial_back(house: House) -> None:
    house.serve()
    # One slot trains; the other one waits at the server for just the trial that the first one gives back.
    worker = house.work("first", slots=2)
    house.client.post("/v1/studies", json={**STUDY, "max_parallel": 1}).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0, house.logs()
    trial = house.trials()[0]
    assert trial["state"] == "queued", house.logs()
    history = house.get("/v1/studies/cancer/trials/0")["history"]
    assert history[-1]["what"] == "released"
