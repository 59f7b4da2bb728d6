"""The process that trains, one trial after another: ``python -m tuner_service.trainer FD``.

FD is an inherited socket to the supervisor, with one JSON object a line in either direction.

    from the supervisor                           from here
                                                  ready        backend, devices
    discover  skipped                             describing   kind, name
                                                  described    kind, entry
                                                  discovered
    train     task, folder, data, checkpoint,     preflight    preflight, error
              resume_epoch, checkpoint_seconds    started      model_parameters, tells_batches
                                                  alive
                                                  epoch        epoch, metrics, seconds
                                                  checkpoint   epoch, file
    stop      at, checkpoint                      finished     state, error, detail, model_parameters, artifacts

``stop`` at a "batch" ends the trial before its next one, at an "epoch" after the one that runs. Either way a checkpoint
of the newest whole epoch is written and told before ``finished``, where one could be made; with ``checkpoint`` false,
where nobody will go on, the trial ends before its next batch and without. ``alive``: a batch begins; once a second at
most. The file of a ``checkpoint`` lies in the folder, whole, until there are two newer ones.

Standard output and error are the trial's log. When the socket closes the supervisor is gone, and so is this process,
at once and in the middle of whatever it does.
"""

import contextlib
import gc
import json
import math
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing it takes seconds, and this file must answer at once
    from search_spaces.library import Library
    from tuner_service.trainer.stopping import StopAt
    from tuner_service.trainer.task import Checkpoints, Hearer

Message = dict[str, Any]
ALIVE_SECONDS = 1.0
STRENGTH: dict["StopAt", int] = {"epoch": 0, "batch": 1, "drop": 2}


class Supervisor:
    """The other end of the socket. ``stop`` says when the supervisor wants the current trial to end, if it does."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.stop: StopAt | None = None
        self._requests: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._sending = threading.Lock()
        threading.Thread(target=self._read, name="supervisor", daemon=True).start()

    def send(self, **message: Any) -> None:
        """One whole line. Numbers that JSON does not have go as null."""
        line = json.dumps(_finite(message), allow_nan=False).encode() + b"\n"
        try:
            with self._sending:
                self.connection.sendall(line)
        except OSError:
            _leave()  # nobody is left to hear of it

    def requests(self) -> Iterator[Message]:
        """Trials to train and families to discover, in order, for ever."""
        while True:
            yield self._requests.get()

    def _read(self) -> None:
        try:
            with self.connection.makefile("rb") as lines:
                for line in lines:
                    self._take(json.loads(line))
        except OSError:
            pass
        finally:
            # Not sys.exit: training runs in the main thread and must not go on for a lost supervisor.
            _leave()

    def _take(self, message: Message) -> None:
        if message["type"] == "stop":
            at: StopAt = message.get("at", "batch") if message.get("checkpoint", True) else "drop"
            if self.stop is None or STRENGTH[at] > STRENGTH[self.stop]:  # none is taken back
                self.stop = at
            return
        # Here and not when training begins: a stop that follows at once must not be forgotten.
        self.stop = None
        self._requests.put(message)


def _leave() -> None:
    """End at once, and with this process all that a model has started, where the group is our own."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value


def serve(supervisor: Supervisor) -> None:
    """Import Keras, say so, and do as asked. Does not return."""
    # The collector would look through a growing heap again and again, in which all is in use: a second of four.
    gc.disable()
    import keras

    from search_spaces.library import Library

    # What the imports brought will live as long as the process; without it in the way, the collection after each
    # trial takes milliseconds and not a tenth of a second.
    gc.collect()
    gc.freeze()
    gc.enable()
    library = Library.from_environment(os.environ)
    supervisor.send(type="ready", backend=keras.backend.backend(), devices=_devices())
    for request in supervisor.requests():
        match request["type"]:
            case "train":
                _train(supervisor, library, request)
            case "discover":
                _discover(supervisor, library, request["skipped"])


def _train(supervisor: Supervisor, library: "Library", request: Message) -> None:
    from tuner_service.trainer.task import Task
    from tuner_service.trainer.training import train

    file = request.get("data")
    outcome = train(
        Task.from_json(request["task"]),
        Path(request["folder"]),
        _hearer(supervisor),
        library,
        None if file is None else Path(file),
        _checkpoints(request),
    )
    if outcome.error is not None:
        with contextlib.suppress(OSError):  # a full disk, which is then what the error tells of
            print(outcome.error, flush=True)
    supervisor.send(
        type="finished",
        state=outcome.state,
        error=outcome.error,
        detail=outcome.detail,
        model_parameters=outcome.model_parameters,
        artifacts=outcome.artifacts,
    )


def _hearer(supervisor: Supervisor) -> "Hearer":
    from tuner_service.trainer.task import Hearer

    told = -math.inf

    def batch() -> None:
        nonlocal told
        if (now := time.monotonic()) - told >= ALIVE_SECONDS:
            told = now
            supervisor.send(type="alive")

    return Hearer(
        epoch=lambda report: supervisor.send(
            type="epoch", epoch=report.epoch, metrics=dict(report.metrics), seconds=report.seconds
        ),
        stop=lambda: supervisor.stop,
        started=lambda count, tells_batches: supervisor.send(
            type="started", model_parameters=count, tells_batches=tells_batches
        ),
        preflight=lambda found, error: supervisor.send(
            type="preflight", preflight=found, error=error
        ),
        batch=batch,
        checkpoint=lambda epoch, file: supervisor.send(type="checkpoint", epoch=epoch, file=file),
    )


def _checkpoints(request: Message) -> "Checkpoints":
    from tuner_service.trainer.task import Checkpoints

    file = request.get("checkpoint")
    return Checkpoints(
        resume_from=None if file is None else Path(file),
        epoch=request.get("resume_epoch", 0),
        every_seconds=request.get("checkpoint_seconds", math.inf),
    )


def _discover(supervisor: Supervisor, library: "Library", skipped: Collection[str]) -> None:
    for kind, name, describe in library.brought():
        if f"{kind}/{name}" in skipped:
            continue
        supervisor.send(type="describing", kind=kind, name=name)
        supervisor.send(type="described", kind=kind, entry=describe())
    supervisor.send(type="discovered")


def _devices() -> list[str]:
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        # Keras's own list would claim the GPU's memory already.
        return [device.name for device in tensorflow.config.list_physical_devices()]
    return [str(device) for device in keras.distribution.list_devices()]


def main() -> None:
    # Ctrl-C reaches every process of the terminal, a service manager's SIGTERM every process of the service; whether a
    # trial ends then is for the supervisor to say, which ends us by closing the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Before TensorFlow is imported: only errors in the log, and no more GPU memory than a trial needs, because the
    # next child is already warm beside this one.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    serve(Supervisor(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
