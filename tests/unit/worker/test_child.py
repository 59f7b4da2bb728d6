"""The training process over a real socket."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TASK = {
    "study": "digits",
    "number": 0,
    "attempt": 1,
    "search_space": "dense",
    "dataset": "digits",
    "parameters": {"depth": 1},
    "training": {"epochs": 2, "batch_size": 64},
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "seed": 1,
}


class Child:
    """A training process, spoken to as its supervisor does."""

    def __init__(self, process: subprocess.Popen[str], connection: socket.socket) -> None:
        self.process = process
        self.connection = connection
        self.lines = connection.makefile("r")

    def send(self, **message: Any) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def train(self, folder: Path, **changes: Any) -> None:
        self.send(type="train", task={**TASK, **changes}, folder=str(folder))

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.lines.readline())
        return message

    def until_finished(self) -> list[dict[str, Any]]:
        messages = [self.receive()]
        while messages[-1]["type"] != "finished":
            messages.append(self.receive())
        return messages

    def hang_up(self) -> None:
        self.lines.close()
        self.connection.close()


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    ours, theirs = socket.socketpair()
    ours.settimeout(120)
    log = tmp_path_factory.mktemp("child") / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tuner_service.worker.child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
            text=True,
        )
    theirs.close()
    child = Child(process, ours)
    ready = child.receive()
    assert ready["type"] == "ready"
    assert ready["backend"] == "tensorflow"
    assert len(ready["devices"]) >= 1
    yield child
    child.hang_up()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def test_trial_is_told_from_start_to_finish(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path)
    started, first, second, finished = child.until_finished()
    assert started == {"type": "started", "model_parameters": 2_410}
    assert [(m["type"], m["epoch"]) for m in (first, second)] == [("epoch", 0), ("epoch", 1)]
    assert {"val_accuracy", "learning_rate"} < set(first["metrics"])
    assert finished == {
        "type": "finished",
        "state": "completed",
        "error": None,
        "model_parameters": 2_410,
        "artifacts": ["model.keras", "training.csv"],
    }
    assert (tmp_path / "model.keras").exists()


def test_number_that_json_does_not_have_is_null(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, parameters={"optimizer": "sgd", "learning_rate": 1e30})
    *_, epoch, finished = child.until_finished()
    assert epoch["metrics"]["loss"] is None
    assert finished["state"] == "failed"


def test_stop_ends_the_trial_but_not_the_process(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, training={"epochs": 100_000, "batch_size": 64})
    assert child.receive()["type"] == "started"
    child.process.send_signal(signal.SIGINT)  # Ctrl-C in the terminal: not for the child to decide
    assert child.receive()["type"] == "epoch"
    child.send(type="stop")
    assert child.until_finished()[-1]["state"] == "stopped"
    child.train(tmp_path)
    assert child.until_finished()[-1]["state"] == "completed"


def test_stop_right_behind_the_trial_is_not_forgotten(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, training={"epochs": 100_000, "batch_size": 64})
    child.send(type="stop")
    assert child.until_finished()[-1]["state"] == "stopped"


def test_discovery(child: Child) -> None:
    child.send(type="discover", search_spaces=["dense", "nonsense"])
    answer = child.receive()
    assert answer["type"] == "catalogue"
    (dense,) = answer["search_spaces"]
    assert dense["name"] == "dense"
    assert "learning_rate" in {parameter["name"] for parameter in dense["parameters"]}
    (broken,) = answer["broken"]
    assert broken["name"] == "nonsense"
    assert broken["error"].startswith('unknown search space "nonsense"')


def test_process_ends_in_the_middle_of_training_when_the_supervisor_is_gone(
    child: Child, tmp_path: Path
) -> None:
    child.train(tmp_path, training={"epochs": 100_000, "batch_size": 64})
    assert child.receive()["type"] == "started"
    assert child.receive()["type"] == "epoch"
    child.hang_up()
    assert child.process.wait(timeout=30) == 0
