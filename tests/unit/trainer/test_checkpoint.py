"""A checkpoint that is damaged or of something else is refused whole, and says why."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tests.unit.trainer.interruptions import Machine, same_to_the_bit
from tests.unit.trainer.test_training import task
from tuner_service.trainer.checkpoint import PARTIAL, Checkpoint, Stored, Unusable, read, write
from tuner_service.trainer.machine import MachineFault
from tuner_service.trainer.task import Checkpoints, Task

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = Checkpoint(
    epoch=3,
    seconds=1.5,
    task={"seed": 7},
    variables={
        "model": [
            Stored("dense/kernel", np.array([[0.1, np.nan], [-0.0, np.inf]], np.float32)),
            Stored("dense/bias", np.array([1.5, 3.0]).astype(ml_dtypes.bfloat16)),
            Stored("dense/narrow", np.array([1.5, 3.0]).astype(ml_dtypes.float8_e4m3fn)),
            Stored("dropout/seed_generator_state", np.array([2**32 - 1, 5], np.uint32)),
        ],
        "optimizer": [Stored("iteration", np.array(51, np.int32))],
        "random": [],
    },
    best_weights={2: [np.array([[0.5]], np.float16)]},
    callbacks={"LossMoves": {"losses": [0.1 + 0.2, 1e-320]}},
    log="epoch,loss\r\n0,0.5\r\n",
)


def contents(checkpoint: Checkpoint) -> list[Any]:
    arrays = [each.array for group in checkpoint.variables.values() for each in group]
    return [*arrays, *(w for weights in checkpoint.best_weights.values() for w in weights)]


def equal(one: Checkpoint, other: Checkpoint) -> bool:
    bits = [[a.view(np.uint8).ravel() if a.ndim else a for a in contents(c)] for c in (one, other)]
    plain = [replace(c, variables={}, best_weights={}) for c in (one, other)]
    paths = [[e.path for g in c.variables.values() for e in g] for c in (one, other)]
    return same_to_the_bit(*bits) and plain[0] == plain[1] and paths[0] == paths[1]


def test_what_was_written_is_read_to_the_bit(tmp_path: Path) -> None:
    name = write(SMALL, tmp_path)
    assert name == "checkpoint-3"
    again = read(tmp_path / name)
    assert equal(again, SMALL)
    assert [a.dtype for a in contents(again)] == [a.dtype for a in contents(SMALL)]
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / write(SMALL, tmp_path)
    whole = file.read_bytes()
    for length in [*range(0, len(whole), 37), len(whole) - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(Unusable, match="damaged"):
            read(file)


def test_a_disk_or_a_memory_that_fails_says_nothing_about_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MachineFault, match="IsADirectoryError"):
        read(tmp_path)
    file = tmp_path / write(SMALL, tmp_path)

    def load(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "load", load)
    with pytest.raises(MemoryError):
        read(file)
    machine = Machine(tmp_path / "other")
    outcome = machine.train(task(), Checkpoints(tmp_path, 2))
    assert outcome.state == "machine"
    assert (machine.train(task(), Checkpoints(file, 3)).error or "").startswith("out of memory")


def test_a_changed_bit_is_noticed_wherever_it_matters(tmp_path: Path) -> None:
    file = tmp_path / write(SMALL, tmp_path)
    whole = file.read_bytes()
    chance, noticed = random.Random(5), 0
    for _ in range(400):
        place = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        file.write_bytes(changed)
        try:
            assert equal(read(file), SMALL), f"byte {place} changed what is read"
        except Unusable:
            noticed += 1
    assert noticed > 200


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint-1"
    for content in (b"", b"{}", b"\x80\x04N.", json.dumps({"format": 1}).encode()):
        file.write_bytes(content)
        with pytest.raises(Unusable):
            read(file)
    with file.open("wb") as opened:
        np.savez(opened, about=np.array([{"pickled": 1}], dtype=object))
    with pytest.raises(Unusable):
        read(file)


def test_another_format_is_named(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint-1"
    about = np.frombuffer(json.dumps({"format": 99}).encode(), np.uint8)
    with file.open("wb") as opened:
        np.savez(opened, about=about)
    with pytest.raises(Unusable, match="format 99, this worker reads format 1"):
        read(file)


@pytest.fixture(scope="module")
def checkpoint_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of a trial which was stopped after two epochs."""
    machine = Machine(tmp_path_factory.mktemp("stopped"), stop_in=(1, "epoch"))
    assert machine.train(task(training={"epochs": 4})).state == "stopped"
    return machine.checkpoints[2]


@pytest.fixture
def stopped(checkpoint_of_two: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(checkpoint_of_two, tmp_path))


def refused(file: Path, folder: Path, the: Task | None = None, epoch: int = 2) -> str:
    machine = Machine(folder / "resumed")
    outcome = machine.train(the or task(training={"epochs": 4}), Checkpoints(file, epoch))
    assert outcome.state == "unusable"
    assert outcome.artifacts == ()
    assert outcome.error is not None
    assert machine.reports == []
    return outcome.error


def test_nothing_is_trained_from_a_damaged_file(stopped: Path, tmp_path: Path) -> None:
    stopped.write_bytes(stopped.read_bytes()[:-100])
    assert "damaged" in refused(stopped, tmp_path)


def test_a_checkpoint_of_another_trial_or_epoch_is_refused(stopped: Path, tmp_path: Path) -> None:
    other = task(training={"epochs": 4}, parameters={"width": 64})
    assert refused(stopped, tmp_path, other) == "the checkpoint is of another trial"
    assert "has 2 epochs in it where 3 are asked for" in refused(stopped, tmp_path, epoch=3)


def test_a_model_that_was_changed_meanwhile_is_told_what_differs(
    stopped: Path, tmp_path: Path
) -> None:
    saved = read(stopped)
    first, *rest = saved.variables["model"]
    for changed, told in [
        ([Stored(first.path, first.array[:-1]), *rest], "dense/kernel float32[63, 32] where"),
        ([Stored(first.path, first.array.astype("float64")), *rest], "float64[64, 32] where"),
        ([Stored("other/kernel", first.array), *rest], "has other/kernel float32"),
        (rest, "has 5 variables of the model, this one has 6"),
    ]:
        variables = {**saved.variables, "model": changed}
        write(replace(saved, variables=variables), stopped.parent)
        assert told in refused(stopped, tmp_path)
    for epoch, weights in saved.best_weights.items():
        write(replace(saved, best_weights={epoch: weights[1:]}), stopped.parent)
        assert "are not of this model's shapes" in refused(stopped, tmp_path)
    write(replace(saved, callbacks={}), stopped.parent)
    assert "no state of BestEpoch" in refused(stopped, tmp_path)


def test_integers_of_another_backends_width_fit(stopped: Path, tmp_path: Path) -> None:
    saved = read(stopped)
    count, *rest = saved.variables["optimizer"]
    assert count.array.dtype == "int64"
    narrow = [Stored(count.path, count.array.astype("uint32")), *rest]
    write(replace(saved, variables={**saved.variables, "optimizer": narrow}), stopped.parent)
    machine = Machine(tmp_path / "resumed")
    assert machine.train(task(training={"epochs": 4}), Checkpoints(stopped, 2)).error is None
    assert [report.epoch for report in machine.reports] == [2, 3]


@pytest.mark.parametrize("name", ["training.csv", PARTIAL, "model.keras"])
def test_a_full_disk_is_the_machines_fault_and_not_the_trials(name: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / name).symlink_to("/dev/full")
    outcome = machine.train(task(training={"epochs": 30}), Checkpoints(every_seconds=0.0))
    assert outcome.state == "machine"
    assert outcome.error is not None
    assert "No space left on device" in outcome.error
    assert len(outcome.error.splitlines()) == 1
