"""What supervisor and training process say to each other: one JSON object a line.

To the process: ``train``, ``discover`` and ``stop``; the end of the stream means that the supervisor is gone.

From the process: ``ready`` once. Then for every ``train``, in this order, a ``preflight`` where that was asked for, a
``started``, an ``epoch`` each, and one ``finished``; a ``checkpoint`` comes after the last epoch that is in it, and
``alive`` at any time. For a ``discover`` a ``describing`` and a ``described`` for each thing that the user brought, and
one ``discovered``.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

FinishedState: TypeAlias = Literal["completed", "failed", "stopped", "unusable", "machine"]


@dataclass(frozen=True)
class Ready:
    """The framework is imported."""

    backend: str


@dataclass(frozen=True)
class Started:
    """The model is built. Without ``tells_batches`` it may be silent between epochs, and still not hang."""

    model_parameters: int | None
    tells_batches: bool


@dataclass(frozen=True)
class EpochDone:
    epoch: int
    metrics: Mapping[str, float | None]
    seconds: float | None


@dataclass(frozen=True)
class CheckpointWritten:
    """A whole file of this name lies in the trial's folder, with so many epochs in it."""

    epoch: int
    file: str


@dataclass(frozen=True)
class Alive:
    """A batch began; not every one is told."""


@dataclass(frozen=True)
class Finished:
    """The process is done with the trial and takes the next.

    ``stopped``: because it was told to. ``unusable``: it cannot begin with the checkpoint that it was given.
    ``machine``: this machine cannot go on, for example because its disk is full. ``detail``: why a completed trial
    ended before its last epoch.
    """

    state: FinishedState
    error: str | None
    artifacts: tuple[str, ...]
    model_parameters: int | None
    detail: str | None = None


@dataclass(frozen=True)
class Preflighted:
    """The default candidate was built; ``preflight`` is None if it cannot be trained, for the reason in ``error``."""

    preflight: Mapping[str, Any] | None
    error: str | None


@dataclass(frozen=True)
class Describing:
    """The process is about to import or read something of the user's; what happens now happens because of it."""

    kind: str
    name: str


@dataclass(frozen=True)
class Described:
    """An entry for the catalogue."""

    kind: str
    entry: Mapping[str, Any]


@dataclass(frozen=True)
class Discovered:
    """All that there is was described."""


Message: TypeAlias = (
    Ready
    | Started
    | EpochDone
    | CheckpointWritten
    | Alive
    | Finished
    | Preflighted
    | Describing
    | Described
    | Discovered
)


class BadMessage(ValueError):
    """A line that is not part of the protocol."""


def train(
    task: Mapping[str, Any],
    folder: Path,
    data: Path | None,
    *,
    checkpoint: Path | None,
    resume_epoch: int,
    checkpoint_seconds: float,
) -> bytes:
    """The line that hands a trial to the process, which leaves its files in the folder.

    ``data`` is the file of the trial's data where that was uploaded. Training begins with the epoch ``resume_epoch``
    and what is in ``checkpoint``; the next ones are wanted every ``checkpoint_seconds`` of training.
    """
    message = {
        "type": "train",
        "task": task,
        "folder": str(folder),
        "data": _path(data),
        "checkpoint": _path(checkpoint),
        "resume_epoch": resume_epoch,
        "checkpoint_seconds": checkpoint_seconds,
    }
    return json.dumps(message).encode() + b"\n"


def stop(at: Literal["batch", "epoch"]) -> bytes:
    """The line that ends the training: before the next batch, or when the running epoch is done.

    The process writes a checkpoint then, if there is an epoch that is in none yet.
    """
    return json.dumps({"type": "stop", "at": at, "checkpoint": True}).encode() + b"\n"


def drop() -> bytes:
    """The line that ends the training before the next batch, and of which nothing is kept."""
    return json.dumps({"type": "stop", "at": "batch", "checkpoint": False}).encode() + b"\n"


def discover(skipped: Collection[str]) -> bytes:
    """The line that asks for all that the process can serve beside what is built in, but for what crashed it before."""
    return json.dumps({"type": "discover", "skipped": sorted(skipped)}).encode() + b"\n"


def parse(line: bytes) -> Message:
    """Raises BadMessage."""
    try:
        data = json.loads(line)
        match data["type"]:
            case "ready":
                return Ready(str(data.get("backend", "")))
            case "started":
                return Started(data.get("model_parameters"), bool(data.get("tells_batches", True)))
            case "epoch":
                return EpochDone(int(data["epoch"]), dict(data["metrics"]), data.get("seconds"))
            case "checkpoint":
                return _checkpoint(int(data["epoch"]), data["file"])
            case "alive":
                return Alive()
            case "preflight":
                return Preflighted(data["preflight"], data.get("error"))
            case "describing":
                return Describing(str(data["kind"]), str(data["name"]))
            case "described":
                return Described(str(data["kind"]), dict(data["entry"]))
            case "discovered":
                return Discovered()
            case "finished":
                if data["state"] not in get_args(FinishedState):
                    raise ValueError(f"unknown state {data['state']!r}")
                return Finished(
                    data["state"],
                    data.get("error"),
                    tuple(data.get("artifacts") or ()),
                    data.get("model_parameters"),
                    data.get("detail"),
                )
            case other:
                raise ValueError(f"unknown type {other!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise BadMessage(f"the training process said {line[:200]!r}: {error}") from error


def _checkpoint(epoch: int, file: str) -> CheckpointWritten:
    # The name becomes part of a path and of a URL here.
    if epoch < 1 or file != f"checkpoint-{epoch}":
        raise ValueError(f"no checkpoint of {epoch} epochs is called {file!r}")
    return CheckpointWritten(epoch, file)


def _path(file: Path | None) -> str | None:
    return None if file is None else str(file)
