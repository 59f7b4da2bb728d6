"""The training process over a real socket."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
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

OWN = {
    "models/mine.py": "import pathlib\n"
    "import subprocess\n"
    "import keras\n"
    "def build(hp):\n"
    "    units = hp.Int('units', 1, 9)\n"
    "    if units == 9:\n"
    "        sleep = subprocess.Popen(['sleep', '600'])\n"
    "        pathlib.Path(__file__).with_name('pid').write_text(str(sleep.pid))\n"
    "    model = keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])\n"
    "    model.compile('sgd', 'mse')\n"
    "    return model\n",
    "models/typo.py": "import kears\n",
    "data/numbers.csv": "a,b,target\n" + "".join(f"{k},{k % 3},{k * 0.5}\n" for k in range(50)),
    "data/gone.py": "def load():\n    return open('/nowhere')\n",
}


class Child:
    """A training process, spoken to as its supervisor does."""

    def __init__(
        self, process: subprocess.Popen[str], connection: socket.socket, folder: Path
    ) -> None:
        self.process = process
        self.connection = connection
        self.folder = folder
        self.lines = connection.makefile("r")

    def send(self, **message: Any) -> None:
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def train(
        self,
        folder: Path,
        checkpoint: Path | None = None,
        resume_epoch: int = 0,
        checkpoint_seconds: float = 0.0,
        **changes: Any,
    ) -> None:
        self.send(
            type="train",
            task={**TASK, **changes},
            folder=str(folder),
            checkpoint=None if checkpoint is None else str(checkpoint),
            resume_epoch=resume_epoch,
            checkpoint_seconds=checkpoint_seconds,
        )

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.lines.readline())
        return message

    def until(self, kind: str) -> list[dict[str, Any]]:
        messages = [self.receive()]
        while messages[-1]["type"] != kind:
            messages.append(self.receive())
        return messages

    def until_finished(self) -> list[dict[str, Any]]:
        return self.until("finished")

    def hang_up(self) -> None:
        self.lines.close()
        self.connection.close()


def without_signs_of_life(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nor checkpoints, which come when they are written."""
    return [message for message in messages if message["type"] not in ("alive", "checkpoint")]


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    ours, theirs = socket.socketpair()
    ours.settimeout(120)
    folder = tmp_path_factory.mktemp("child")
    log = folder / "log"
    for name, code in OWN.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(code)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tuner_service.trainer", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "CUDA_VISIBLE_DEVICES": "-1",
                "TUNER_SEARCH_SPACES": str(folder / "models"),
                "TUNER_DATASETS": str(folder / "data"),
                "TUNER_CACHE": str(folder / "cache"),
                "TUNER_CACHE_BYTES": str(2**30),
            },
            text=True,
            start_new_session=True,
        )
    theirs.close()
    child = Child(process, ours, folder)
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
    messages = child.until_finished()
    started, first, second, finished = without_signs_of_life(messages)
    assert started == {"type": "started", "model_parameters": 2_410, "tells_batches": True}
    assert {"type": "alive"} in messages
    assert [(m["type"], m["epoch"]) for m in (first, second)] == [("epoch", 0), ("epoch", 1)]
    assert {"val_accuracy", "learning_rate"} < set(first["metrics"])
    assert finished == {
        "type": "finished",
        "state": "completed",
        "error": None,
        "detail": None,
        "model_parameters": 2_410,
        "artifacts": ["model.keras", "training.csv", "architecture.svg"],
    }
    assert (tmp_path / "model.keras").exists()


def test_number_that_json_does_not_have_is_null(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, parameters={"optimizer": "sgd", "learning_rate": 1e30})
    *_, epoch, finished = without_signs_of_life(child.until_finished())
    assert epoch["metrics"]["loss"] is None
    assert finished["state"] == "failed"


LONG = {"epochs": 100_000, "batch_size": 64}


def test_stop_ends_the_trial_but_not_the_process(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, training=LONG)
    assert child.receive()["type"] == "started"
    child.process.send_signal(signal.SIGINT)  # Ctrl-C in the terminal: not for the child to decide
    child.until("epoch")
    child.send(type="stop", at="batch")
    assert child.until("finished")[-1]["state"] == "stopped"
    child.train(tmp_path)
    assert child.until_finished()[-1]["state"] == "completed"


def test_a_stopped_trial_goes_on_from_the_checkpoint_that_was_told(
    child: Child, tmp_path: Path
) -> None:
    settings = {"epochs": 400, "batch_size": 512}
    child.train(tmp_path, training=settings)
    child.until("checkpoint")
    child.send(type="stop", at="epoch")
    messages = child.until_finished()
    *_, newest = [message for message in messages if message["type"] == "checkpoint"]
    *_, last = [message for message in messages if message["type"] == "epoch"]
    assert newest == {
        "type": "checkpoint",
        "epoch": last["epoch"] + 1,
        "file": f"checkpoint-{last['epoch'] + 1}",
    }
    file = tmp_path / newest["file"]
    child.train(tmp_path / "again", file, newest["epoch"], training=settings)
    assert child.until("epoch")[-1]["epoch"] == newest["epoch"]
    child.send(type="stop", at="batch")
    assert child.until_finished()[-1]["state"] == "stopped"


@pytest.mark.parametrize(("wanted", "told"), [(True, 1), (False, 0)])
def test_a_stop_says_whether_somebody_will_go_on(
    wanted: bool, told: int, child: Child, tmp_path: Path
) -> None:
    child.train(tmp_path, checkpoint_seconds=1e9, training=LONG)
    child.until("epoch")
    child.until("epoch")
    child.send(type="stop", at="batch", checkpoint=wanted)
    child.send(type="stop", at="epoch")  # takes nothing back
    messages = child.until_finished()
    assert len([message for message in messages if message["type"] == "checkpoint"]) == told


def test_a_checkpoint_that_cannot_be_used_is_told_and_the_next_train_goes_on(
    child: Child, tmp_path: Path
) -> None:
    (tmp_path / "checkpoint-2").write_bytes(b"not a checkpoint")
    child.train(tmp_path, tmp_path / "checkpoint-2", 2)
    (finished,) = child.until_finished()
    assert finished["state"] == "unusable"
    assert "damaged" in finished["error"]
    child.train(tmp_path)
    assert child.until_finished()[-1]["state"] == "completed"


def test_stop_right_behind_the_trial_is_not_forgotten(child: Child, tmp_path: Path) -> None:
    child.train(tmp_path, training={"epochs": 100_000, "batch_size": 64})
    child.send(type="stop")
    assert child.until_finished()[-1]["state"] == "stopped"


def discovered(child: Child, *skipped: str) -> list[dict[str, Any]]:
    child.send(type="discover", skipped=list(skipped))
    messages = [child.receive()]
    while messages[-1]["type"] != "discovered":
        messages.append(child.receive())
    return messages[:-1]


def test_discovery_announces_each_thing_before_it_looks_into_it(child: Child) -> None:
    messages = discovered(child)
    assert [(m["type"], m["kind"]) for m in messages] == [
        (said, kind)
        for kind, things in (("search_spaces", 2), ("datasets", 2))
        for _ in range(things)
        for said in ("describing", "described")
    ]
    entries = {m["entry"]["name"]: m["entry"] for m in messages if m["type"] == "described"}
    assert [p["name"] for p in entries["mine"]["parameters"]] == ["units"]
    assert entries["typo"]["status"] == "broken"
    assert "typo.py, line 1" in entries["typo"]["error"]
    assert entries["numbers"]["inputs"][0]["shape"] == [2]
    assert entries["gone"]["status"] == "broken"
    assert "/nowhere" in entries["gone"]["error"]


def test_discovery_leaves_out_what_crashed_it_before(child: Child) -> None:
    messages = discovered(child, "search_spaces/typo", "datasets/gone")
    assert [m["name"] for m in messages if m["type"] == "describing"] == ["mine", "numbers"]


def test_process_ends_in_the_middle_of_training_when_the_supervisor_is_gone(
    child: Child, tmp_path: Path
) -> None:
    """And with it what the model has started."""
    objectives = [{"metric": "val_loss", "direction": "minimize"}]
    mine: dict[str, Any] = {"search_space": "mine", "dataset": "numbers", "objectives": objectives}
    child.train(tmp_path, training=LONG, parameters={"units": 9}, **mine)
    child.until("epoch")
    pid = int((child.folder / "models" / "pid").read_text())
    assert is_alive(pid)
    child.hang_up()
    assert child.process.wait(timeout=120) == -signal.SIGKILL
    deadline = time.monotonic() + 120
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
