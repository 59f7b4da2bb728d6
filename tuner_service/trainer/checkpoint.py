"""The file that a trial goes on from: plain arrays and what they are, in a zip archive with checksums (NumPy's npz).

Nothing in it is ever unpickled, and it is the same on every machine and with every backend of Keras.
"""

import errno
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from tuner_service.trainer.machine import MachineFault, own_write

FORMAT = 1
ABOUT = "about"
PARTIAL = "checkpoint.partial"
"""The name while it is being written: under its own name a file is whole."""


class Unusable(Exception):
    """Nothing can be trained from this checkpoint; the message says why. Nothing was changed."""


class Stored(NamedTuple):
    path: str
    """Keras's name of the variable."""
    array: NDArray[Any]


@dataclass(frozen=True)
class Checkpoint:
    """All that decides how a training goes on after ``epoch`` whole epochs.

    ``variables``: of the ``model``, its ``optimizer`` and the ``random`` generator of the process, in Keras's order.
    ``best_weights``: by the epoch that they are from. ``callbacks``: the inner state of each, by its class's name.
    ``task``: what the trial trains, to be compared. ``log``: the text of ``training.csv``. ``seconds``: trained so far.
    """

    epoch: int
    seconds: float
    task: Mapping[str, Any]
    variables: Mapping[str, Sequence[Stored]]
    best_weights: Mapping[int, Sequence[NDArray[Any]]]
    callbacks: Mapping[str, Mapping[str, Any]]
    log: str


def numpy_type(name: str) -> np.dtype[Any]:
    """By Keras's name for it, which is NumPy's, or that of a type that ml_dtypes adds to it."""
    return np.dtype(getattr(ml_dtypes, name, name))


def file_name(epoch: int) -> str:
    return f"checkpoint-{epoch}"


def write(checkpoint: Checkpoint, folder: Path) -> str:
    """Write the file, whole or not at all, and return its name. Raises MachineFault and OSError."""
    arrays: dict[str, NDArray[Any]] = {}
    paths: dict[str, list[str]] = {}
    for group, stored in checkpoint.variables.items():
        paths[group] = [path for path, _ in stored]
        arrays |= {f"{group}/{index}": array for index, (_, array) in enumerate(stored)}
    for epoch, weights in checkpoint.best_weights.items():
        arrays |= {f"best/{epoch}/{index}": array for index, array in enumerate(weights)}
    about = {
        "format": FORMAT,
        "epoch": checkpoint.epoch,
        "seconds": checkpoint.seconds,
        "task": checkpoint.task,
        "paths": paths,
        "best": {epoch: len(weights) for epoch, weights in checkpoint.best_weights.items()},
        "types": {name: array.dtype.name for name, array in arrays.items()},
        "callbacks": checkpoint.callbacks,
        "log": checkpoint.log,
    }
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    plain = {name: _plain(array) for name, array in arrays.items()}
    name = file_name(checkpoint.epoch)
    with own_write():
        with (folder / PARTIAL).open("wb") as file:
            np.savez(file, allow_pickle=False, **{ABOUT: text}, **plain)
        (folder / PARTIAL).replace(folder / name)
    return name


def read(file: Path) -> Checkpoint:
    """Raises Unusable for a file that is not whole, was changed, or never was a checkpoint.

    Raises MachineFault where the disk does not give it, and MemoryError: these say nothing about the checkpoint.
    """
    try:
        _check_sums(file)  # first: a damaged length asks for any amount of memory
        return _read(file)
    except (Unusable, MemoryError):
        raise
    except Exception as error:
        # Where the damage lies decides what zipfile, NumPy and json say to it. A seek to nowhere is damage too.
        told = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise MachineFault(told) from error
        raise Unusable(f"the checkpoint is damaged: {told}") from error


def _check_sums(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        if (member := archive.testzip()) is not None:
            raise Unusable(f"the checkpoint is damaged: the checksum of {member} differs")


def _read(file: Path) -> Checkpoint:
    # Opened here: NumPy leaves a file open that it cannot read.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as members:
        about = json.loads(members[ABOUT].tobytes())
        if about["format"] != FORMAT:
            raise Unusable(
                f"the checkpoint has format {about['format']}, this worker reads format {FORMAT}"
            )

        def array(name: str) -> NDArray[Any]:
            return _typed(members[name], about["types"][name])

        return Checkpoint(
            epoch=int(about["epoch"]),
            seconds=float(about["seconds"]),
            task=about["task"],
            variables={
                group: [Stored(path, array(f"{group}/{i}")) for i, path in enumerate(paths)]
                for group, paths in about["paths"].items()
            },
            best_weights={
                int(epoch): [array(f"best/{epoch}/{i}") for i in range(count)]
                for epoch, count in about["best"].items()
            },
            callbacks=about["callbacks"],
            log=about["log"],
        )


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Types that NumPy does not have by itself (bfloat16, 8-bit floats) go as integers of their width."""
    if array.dtype.isbuiltin == 1:
        return array
    return array.view(f"u{array.dtype.itemsize}")


def _typed(array: NDArray[Any], name: str) -> NDArray[Any]:
    wanted = numpy_type(name)
    return array if array.dtype == wanted else array.view(wanted)
