"""A training process without training: it speaks the protocol and does what the trial's parameter ``script`` says.

Steps, separated by ";":
``epoch`` (its metrics carry this process's id), ``nan``, ``long FILE`` (an epoch that is done when the file is there),
``preflight [ERROR]``, ``alive``, ``tick SECONDS FILE`` (alive until the file is there), ``checkpoint`` (of the epochs
until now), ``forget EPOCHS`` (remove that checkpoint), ``last words`` (write one when told to stop, if it is wanted);
``print TEXT``, ``environment`` (print it), ``data`` (print the uploaded file), ``given`` (print what it begins with);
``spin`` (until told to stop), ``wait FILE``, ``hang`` (deaf to stop), ``kill``, ``exit CODE``, ``babble`` (nonsense);
``fail TEXT``, ``unusable TEXT`` (of a given checkpoint), ``machine TEXT``: how it ends; ``because TEXT``: why so early.

It says that it tells its batches, but for the parameter ``silent``.
"""

import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

connection = socket.socket(fileno=int(sys.argv[-1]))
tasks: queue.Queue[dict[str, Any]] = queue.Queue()
told_to_stop = threading.Condition()
stop_at: list[str] = []
"""All that was said of it, in order."""
last_words_wanted: list[bool] = []


def send(**message: Any) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def listen() -> None:
    try:
        with connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                with told_to_stop:
                    if message["type"] == "stop":
                        last_words_wanted.append(message["checkpoint"])
                        stop_at.append(message["at"])
                    else:
                        last_words_wanted.clear()
                        stop_at.clear()
                        tasks.put(message)
                    told_to_stop.notify_all()
    finally:  # a supervisor that is killed with a message unread resets the connection
        os._exit(0)


def wait_until(done: Callable[[], bool]) -> None:
    with told_to_stop:
        while not done():
            told_to_stop.wait(0.01)


class Play:
    """One training."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.folder = Path(request["folder"])
        self.epoch: int = request["resume_epoch"]
        self.writes_last_words = False
        self.detail: str | None = None

    def follow(self, script: str) -> tuple[str, str | None]:
        """The state and the error that it ends with."""
        for step in filter(None, (part.strip() for part in script.split(";"))):
            word, _, rest = step.partition(" ")
            if stop_at:
                break
            match word:
                case "fail":
                    return "failed", rest
                case "machine":
                    return "machine", rest
                case "unusable":
                    if self.request["checkpoint"] is not None:
                        return "unusable", rest
                case _:
                    self.step(word, rest)
        if not stop_at:
            return "completed", None
        if self.writes_last_words:
            self.checkpoint() if last_words_wanted[-1] else print("no last words", flush=True)
        return "stopped", None

    def step(self, word: str, rest: str) -> None:
        match word:
            case "long":
                wait_until(lambda: "batch" in stop_at or Path(rest).exists())
                if "batch" not in stop_at:
                    self.tell_epoch(self.epoch / 10)
            case "epoch" | "nan":
                self.tell_epoch(float("nan") if word == "nan" else self.epoch / 10)
            case "checkpoint":
                self.checkpoint()
            case "forget":
                (self.folder / f"checkpoint-{rest}").unlink()
            case "last":
                self.writes_last_words = True
            case "because":
                self.detail = rest
            case "given":
                given = self.request["checkpoint"]
                print(self.epoch, given and Path(given).read_text(), flush=True)
            case "print":
                print(rest, flush=True)
            case "environment":
                for name, content in os.environ.items():
                    print(f"{name}={content[:100]!r}", flush=True)
            case "data":
                file = self.request["data"]
                print(file and Path(file).read_text(), flush=True)
            case "preflight":
                found = {"parameters": 7, "memory_bytes": 9, "metrics": ["loss"], "layers": []}
                send(type="preflight", preflight=None if rest else found, error=rest or None)
            case "alive":
                send(type="alive")
            case "tick":
                seconds, _, awaited = rest.partition(" ")
                while not Path(awaited).exists():
                    send(type="alive")
                    time.sleep(float(seconds))
            case "spin":
                wait_until(lambda: bool(stop_at))
            case "hang":
                threading.Event().wait()
            case "wait":
                wait_until(lambda: bool(stop_at) or Path(rest).exists())
            case "babble":
                connection.sendall(b"no JSON\n")
                threading.Event().wait()
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(int(rest))

    def tell_epoch(self, value: float) -> None:
        metrics = {"val_accuracy": value, "pid": os.getpid()}
        send(type="epoch", epoch=self.epoch, metrics=metrics, seconds=0.1)
        self.epoch += 1

    def checkpoint(self) -> None:
        file = self.folder / f"checkpoint-{self.epoch}"
        file.write_text(f"state after {self.epoch} epochs")
        send(type="checkpoint", epoch=self.epoch, file=file.name)


def main() -> None:
    threading.Thread(target=listen, daemon=True).start()
    send(type="ready", backend="scripted", devices=[])
    while True:
        request = tasks.get()
        task, folder = request["task"], Path(request["folder"])
        (folder / "model.keras").write_bytes(b"weights of " + str(task["number"]).encode())
        (folder / "training.csv").write_text("epoch,loss\n")
        tells_batches = not task["parameters"].get("silent")
        send(type="started", model_parameters=1234, tells_batches=tells_batches)
        play = Play(request)
        state, error = play.follow(str(task["parameters"]["script"]))
        send(
            type="finished",
            state=state,
            error=error,
            detail=play.detail,
            artifacts=["model.keras", "training.csv"],
            model_parameters=1234,
        )


if __name__ == "__main__":
    main()
