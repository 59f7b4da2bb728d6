"""A training process without training: it speaks the supervisor's protocol and does as the study's name tells it.

The last word of the name: ``steady`` trains; ``deadly`` kills its process in the third epoch of every attempt;
``fragile`` dies, hangs or fails now and then, by the trial's seed, number, attempt and epoch; ``forgetful`` writes now
and then a checkpoint that is whole and of another trial. Started with the number of a file descriptor.
"""

import hashlib
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from tests.chaos import truth

BATCH_SECONDS = 0.02
EPOCH_SECONDS = float(os.environ.get("CHAOS_EPOCH_SECONDS", "0.08"))
ALIVE_SECONDS = 0.5
PID_FILE = "pid"
"""Tells whoever wants to kill it which trial this process trains."""


class Line:
    """The way to the supervisor; its end ends the process."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self.tasks: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stop_at: str | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, **message: Any) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def say_nonsense(self) -> None:
        self._socket.sendall(b"this is no message\n")

    def _listen(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    message = json.loads(line)
                    if message["type"] == "stop":
                        self.stop_at = "batch" if self.stop_at else message.get("at", "batch")
                    elif message["type"] == "train":
                        self.stop_at = None
                        self.tasks.put(message)
        finally:
            os._exit(0)


class Training:
    """One attempt at one trial."""

    def __init__(self, line: Line, order: dict[str, Any]) -> None:
        task = order["task"]
        self._line = line
        self._folder = Path(order["folder"])
        self._study: str = task["study"]
        self._script = self._study.rpartition("-")[2]
        self._seed: int = task["seed"]
        self._number: int = task["number"]
        self._attempt: int = task["attempt"]
        self._epochs: int = task["training"]["epochs"]
        self._given: str | None = order.get("checkpoint")
        self._epoch: int = order.get("resume_epoch", 0)
        self._every: float = order.get("checkpoint_seconds", float("inf"))
        self._kept = self._epoch
        self._kept_at = self._alive_at = time.monotonic()
        self._state = truth.beginning(self._seed, self._number)

    def run(self) -> tuple[str, str | None]:
        """The state that it finishes with, and the error."""
        if self._given is not None:
            content = Path(self._given).read_bytes()
            try:
                self._state = truth.read_checkpoint(content, self._seed, self._number, self._epoch)
            except truth.Unusable as unusable:
                return "unusable", str(unusable)
        self._leave_files()
        print(f"begins at epoch {self._epoch}", flush=True)
        self._line.say(type="started", model_parameters=1234, tells_batches=True)
        while self._epoch < self._epochs:
            if (error := self._misfortune()) is not None:
                return "failed", error
            if self._line.stop_at is not None or not self._batches():
                self._checkpoint()
                return "stopped", None
            self._report()
            if time.monotonic() - self._kept_at >= self._every:
                self._checkpoint()
        return "completed", None

    def _batches(self) -> bool:
        """Whether the epoch came to its end."""
        until = time.monotonic() + EPOCH_SECONDS
        while (now := time.monotonic()) < until:
            if self._line.stop_at == "batch":
                return False
            if now - self._alive_at >= ALIVE_SECONDS and self._keeps_checkpoints:
                self._line.say(type="alive")
                self._alive_at = now
            time.sleep(BATCH_SECONDS)
        return True

    def _report(self) -> None:
        self._state = truth.after(self._state, self._epoch)
        found = {**truth.metrics(self._state), "attempt": float(self._attempt)}
        self._line.say(type="epoch", epoch=self._epoch, metrics=found, seconds=EPOCH_SECONDS)
        self._epoch += 1

    @property
    def _keeps_checkpoints(self) -> bool:
        return self._every < float("inf")

    def _checkpoint(self) -> None:
        if not self._keeps_checkpoints or self._epoch == self._kept:
            return
        number = self._number + (self._script == "forgetful" and self._chance("forget") < 0.5)
        content = truth.checkpoint(self._seed, number, self._epoch, self._state)
        name = f"checkpoint-{self._epoch}"
        temporary = self._folder / f".{name}"
        temporary.write_bytes(content)
        temporary.rename(self._folder / name)
        self._line.say(type="checkpoint", epoch=self._epoch, file=name)
        self._kept, self._kept_at = self._epoch, time.monotonic()

    def _leave_files(self) -> None:
        (self._folder / "model.keras").write_bytes(f"weights of {self._number}".encode())
        (self._folder / "training.csv").write_text("epoch,loss\n")
        (self._folder / PID_FILE).write_text(str(os.getpid()))

    def _misfortune(self) -> str | None:
        """Do what the script has in store for this epoch; the error of a failure inside training."""
        if self._script == "deadly" and self._epoch == 2:
            print("the last words", flush=True)
            _die()
        if self._script != "fragile":
            return None
        chance = self._chance("misfortune")
        if chance < 0.02:
            _die()
        if chance < 0.04:
            os._exit(3)
        if chance < 0.05:
            self._line.say_nonsense()
        if chance < 0.06 and self._keeps_checkpoints:
            threading.Event().wait()  # deaf and silent
        return "a failure inside training" if chance > 0.995 else None

    def _chance(self, what: str) -> float:
        """A number in [0, 1) that is the same whenever this epoch of this attempt comes."""
        moment = f"{what} {self._seed} {self._number} {self._attempt} {self._epoch}"
        return int(hashlib.sha256(moment.encode()).hexdigest()[:8], 16) / 2**32


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


def main() -> None:
    line = Line(int(sys.argv[-1]))
    line.say(type="ready", backend="scripted", devices=[])
    while True:
        order = line.tasks.get()
        if order["task"].get("preflight"):
            names = ["loss", "val_loss", "accuracy", "val_accuracy"]
            found = {"parameters": 7, "memory_bytes": 9, "metrics": names, "layers": []}
            line.say(type="preflight", preflight=found, error=None)
        state, error = Training(line, order).run()
        line.say(
            type="finished",
            state=state,
            error=error,
            artifacts=["model.keras", "training.csv"],
            model_parameters=1234,
        )


if __name__ == "__main__":
    main()
