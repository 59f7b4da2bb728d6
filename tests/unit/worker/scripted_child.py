"""A training process without training: it speaks the protocol and does what the trial's parameter ``script`` says.

Steps, separated by ";": ``epoch`` (its metrics carry this process's id), ``nan``, ``print TEXT``, ``spin`` (until told
to stop), ``hang`` (deaf to stop), ``wait FILE``, ``environment`` (print it), ``data`` (print the uploaded file),
``preflight [ERROR]``, ``kill``, ``exit CODE``, ``fail TEXT``.
"""

import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

connection = socket.socket(fileno=int(sys.argv[-1]))
tasks: queue.Queue[dict[str, Any]] = queue.Queue()
stop = threading.Event()


def send(**message: Any) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def listen() -> None:
    try:
        with connection.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if message["type"] == "stop":
                    stop.set()
                else:
                    stop.clear()
                    tasks.put(message)
    finally:  # a supervisor that is killed with a message unread resets the connection
        os._exit(0)


def play(script: str, data: str | None) -> tuple[str, str | None]:
    """The state and the error that it ends with."""
    epoch = 0
    for step in filter(None, (part.strip() for part in script.split(";"))):
        word, _, rest = step.partition(" ")
        if stop.is_set():
            return "stopped", None
        match word:
            case "epoch" | "nan":
                value = float("nan") if word == "nan" else epoch / 10
                metrics = {"val_accuracy": value, "pid": os.getpid()}
                send(type="epoch", epoch=epoch, metrics=metrics, seconds=0.1)
                epoch += 1
            case "print":
                print(rest, flush=True)
            case "environment":
                for name, content in os.environ.items():
                    print(f"{name}={content[:100]!r}", flush=True)
            case "data":
                print(data and Path(data).read_text(), flush=True)
            case "preflight":
                found = {"parameters": 7, "memory_bytes": 9, "metrics": ["loss"], "layers": []}
                send(type="preflight", preflight=None if rest else found, error=rest or None)
            case "spin":
                stop.wait()
            case "hang":
                threading.Event().wait()
            case "wait":
                while not Path(rest).exists() and not stop.is_set():
                    time.sleep(0.01)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "exit":
                os._exit(int(rest))
            case "fail":
                return "failed", rest
    return ("stopped", None) if stop.is_set() else ("completed", None)


def main() -> None:
    threading.Thread(target=listen, daemon=True).start()
    send(type="ready", backend="scripted", devices=[])
    while True:
        request = tasks.get()
        folder = Path(request["folder"])
        (folder / "model.keras").write_bytes(
            b"weights of " + str(request["task"]["number"]).encode()
        )
        (folder / "training.csv").write_text("epoch,loss\n")
        send(type="started", model_parameters=1234)
        state, error = play(str(request["task"]["parameters"]["script"]), request["data"])
        artifacts = ["model.keras", "training.csv"]
        send(type="finished", state=state, error=error, artifacts=artifacts, model_parameters=1234)


if __name__ == "__main__":
    main()
