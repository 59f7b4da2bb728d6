"""The server as a process: what it imports, how it starts, what survives it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tuner_service.home import find_server, read_token

FRAMEWORKS = ("keras", "keras_tuner", "tensorflow", "sklearn", "torch", "jax")


@contextmanager
def server(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server on a free port, killed in the end, and an administrator's client of it."""
    command = [sys.executable, "-m", "tuner_service.cli", "up", "--no-worker"]
    process = subprocess.Popen(
        [*command, "--home", str(home), "--port", "0"], stdout=subprocess.DEVNULL
    )
    try:
        while (found := find_server(home)) is None or found.pid != process.pid:
            assert process.poll() is None, "the server did not start"
            time.sleep(0.02)
        token = read_token(home)
        with httpx.Client(
            base_url=found.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        ) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()


def test_the_server_never_imports_a_framework() -> None:
    code = (
        "import sys, tuner_service.server.run, tuner_service.service.upkeep.reaper; "
        f"print([name for name in {FRAMEWORKS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_an_idle_server_has_no_framework_in_memory_and_is_small(tmp_path: Path) -> None:
    with server(tmp_path) as (process, client):
        assert client.get("/v1/studies").status_code == 200
        memory = psutil.Process(process.pid)
        assert memory.memory_info().rss < 200 * 1024**2
        mapped = {Path(each.path).name for each in memory.memory_maps()}
        assert not any("tensorflow" in name or "sklearn" in name for name in mapped)


STUDY: dict[str, Any] = {
    "name": "s",
    "executor": "external",
    "search_space": {
        "parameters": [
            {"name": "x", "type": "float", "min": 0, "max": 1},
            {"name": "kind", "type": "choice", "choices": ["a", "b", "c"]},
        ]
    },
    "objectives": [{"metric": "loss", "direction": "minimize"}],
    "budget": {"trials": 16},
}


def test_a_server_killed_between_any_two_requests_suggests_the_same(tmp_path: Path) -> None:
    """By the default search; chaos does it by others, tests/contract/test_replay.py by all."""
    search = {"search": {"algorithm": "auto", "seed": 11}}
    undisturbed = []
    with server(tmp_path / "whole") as (_, client):
        client.post("/v1/studies", json=STUDY | search).raise_for_status()
        for number in range(14):
            undisturbed.append(_claim(client, number))
            _finish(client, number, undisturbed[-1])
    with server(tmp_path / "killed") as (_, client):
        client.post("/v1/studies", json=STUDY | search).raise_for_status()
        for number in range(10):
            _finish(client, number, _claim(client, number))
    for number in range(10, 14):
        with server(tmp_path / "killed") as (_, client):
            parameters = _claim(client, number)
            assert parameters == undisturbed[number]
        with server(tmp_path / "killed") as (_, client):
            assert _claim(client, number) == parameters  # the same key, after a kill -9
            _finish(client, number, parameters)


def _claim(client: httpx.Client, number: int) -> dict[str, Any]:
    reply = client.post("/v1/claims", json={"worker": "w", "key": f"k{number}", "study": "s"})
    reply.raise_for_status()
    assert reply.json()["number"] == number
    parameters: dict[str, Any] = reply.json()["parameters"]
    return parameters


def _finish(client: httpx.Client, number: int, parameters: dict[str, Any]) -> None:
    loss = (parameters["x"] - 0.3) ** 2 + "cab".index(parameters["kind"])
    body = {"attempt": 1, "state": "completed", "values": {"loss": loss}}
    client.post(f"/v1/studies/s/trials/{number}/finish", json=body).raise_for_status()


def test_everything_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with server(tmp_path) as (process, client):
        client.post("/v1/studies", json=STUDY).raise_for_status()
        _claim(client, 0)
        for epoch in range(3):
            body = {"attempt": 1, "epoch": epoch, "metrics": {"loss": 1.0 / (epoch + 1)}}
            client.post("/v1/studies/s/trials/0/epochs", json=body).raise_for_status()
        upload = client.put(
            "/v1/studies/s/trials/0/artifacts/a", params={"attempt": 1}, content=b"abc"
        )
        upload.raise_for_status()
        process.send_signal(signal.SIGKILL)
        process.wait()
    with server(tmp_path) as (_, client):
        trial = client.get("/v1/studies/s/trials/0").json()
        assert (trial["state"], trial["epochs"], trial["attempt"]) == ("running", 3, 1)
        assert client.get("/v1/studies/s/trials/0/artifacts/a").content == b"abc"
        body = {"attempt": 1, "epoch": 3, "metrics": {"loss": 0.25}}
        reply = client.post("/v1/studies/s/trials/0/epochs", json=body)
        assert reply.json() == {"verdict": "continue"}
