"""What supervisor and training process say to each other: one JSON object a line.

To the process: ``train`` and ``stop``; the end of the stream means that the supervisor is gone. From the process, in
this order: ``ready`` once, then for every ``train`` a ``started``, an ``epoch`` each, and one ``finished``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True)
class Ready:
    """The framework is imported."""

    backend: str


@dataclass(frozen=True)
class Started:
    """The model is built."""

    model_parameters: int | None


@dataclass(frozen=True)
class EpochDone:
    epoch: int
    metrics: Mapping[str, float | None]
    seconds: float | None


@dataclass(frozen=True)
class Finished:
    """The process is done with the trial and takes the next. ``stopped``: because it was told to."""

    state: Literal["completed", "failed", "stopped"]
    error: str | None
    artifacts: tuple[str, ...]
    model_parameters: int | None


Message: TypeAlias = Ready | Started | EpochDone | Finished

STOP = b'{"type": "stop"}\n'


class BadMessage(ValueError):
    """A line that is not part of the protocol."""


def train(task: Mapping[str, Any], folder: Path) -> bytes:
    """The line that hands a trial to the process, which leaves its files in the folder."""
    return json.dumps({"type": "train", "task": task, "folder": str(folder)}).encode() + b"\n"


def parse(line: bytes) -> Message:
    """Raises BadMessage."""
    try:
        data = json.loads(line)
        match data["type"]:
            case "ready":
                return Ready(str(data.get("backend", "")))
            case "started":
                return Started(data.get("model_parameters"))
            case "epoch":
                return EpochDone(int(data["epoch"]), dict(data["metrics"]), data.get("seconds"))
            case "finished":
                if data["state"] not in ("completed", "failed", "stopped"):
                    raise ValueError(f"unknown state {data['state']!r}")
                return Finished(
                    data["state"],
                    data.get("error"),
                    tuple(data.get("artifacts") or ()),
                    data.get("model_parameters"),
                )
            case other:
                raise ValueError(f"unknown type {other!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise BadMessage(f"the training process said {line[:200]!r}: {error}") from error
