"""Checkpoints: how much longer an epoch takes when one is written every second.

One training of each family on digits, whose epochs go in blocks of about a second: in every other block checkpoints
are taken as always, one of them written, and in those between there are none. An epoch's time is that from report to
report, so copying, writing beside the training, and waiting for each other are all in it.
"""

import contextlib
import io
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

AIM = 1.05
BLOCKS = {"separable_convnet": 7, "dense": 24}
"""Epochs of a block: more than a second of them."""
PAIRS = 40


def reported(search_space: str, epochs: int, block: int) -> tuple[list[float], int]:
    """When each epoch was reported, in seconds, and how many checkpoints were written."""
    from search_spaces.datasets.cache import Cache
    from search_spaces.library import Library
    from tuner_service.trainer.checkpointing import Checkpointing
    from tuner_service.trainer.task import Checkpoints, Hearer, Task
    from tuner_service.trainer.training import train

    task = Task(
        study="bench",
        number=0,
        attempt=1,
        search_space=search_space,
        dataset="digits",
        parameters={},
        training={"epochs": epochs, "batch_size": 64},
        objectives=[{"metric": "val_accuracy", "direction": "maximize"}],
        seed=5,
    )
    told: list[float] = []
    written: list[int] = []
    hearer = Hearer(
        epoch=lambda report: told.append(time.perf_counter()),
        checkpoint=lambda epoch, file: written.append(epoch),
    )
    as_always = Checkpointing.on_epoch_end

    def in_every_other_block(self: Any, epoch: int, logs: Any = None) -> None:
        if epoch // block % 2:
            as_always(self, epoch, logs)

    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()),
        mock.patch.object(Checkpointing, "on_epoch_end", in_every_other_block),
    ):
        library = Library([], [], Cache(Path(folder) / "cache", 2**30))
        outcome = train(task, Path(folder), hearer, library, None, Checkpoints(every_seconds=1.0))
    if outcome.error is not None:
        raise RuntimeError(outcome.error)
    return told, len(written)


def main() -> None:
    for search_space, block in BLOCKS.items():
        told, written = reported(search_space, 2 * PAIRS * block + 1, block)
        blocks = [b - a for a, b in itertools.pairwise(told[::block])]
        without, kept = blocks[0::2], blocks[1::2]
        low, middle, high = statistics.quantiles(
            [b / a for a, b in zip(without, kept, strict=True)]
        )
        print(
            f"checkpoints every second, {search_space} on digits: an epoch of "
            f"{statistics.median(without) / block * 1000:.1f} ms takes {middle:.3f} times as long (median of {PAIRS} "
            f"pairs, half of them in {low:.3f} to {high:.3f}; aim {AIM:g}); {written} files",
            flush=True,
        )


if __name__ == "__main__":
    main()
