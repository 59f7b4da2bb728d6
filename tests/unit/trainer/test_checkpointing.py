"""When a training's state is copied, and when not."""

import threading
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from tuner_service.trainer import snapshot
from tuner_service.trainer.checkpoint_writer import CheckpointWriter
from tuner_service.trainer.checkpointing import Checkpointing
from tuner_service.trainer.stopping import StopAfterEpoch, StopAt, Stopped, Stopwatch

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def compiled() -> keras.Sequential:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def checkpointing(
    folder: Path,
    writer: CheckpointWriter,
    every_seconds: float = 0.0,
    clock: Callable[[], float] = float,
) -> Checkpointing:
    (folder / "training.csv").touch()
    keeping = Checkpointing(
        identity={},
        epochs=9,
        remembering=[],
        log=folder / "training.csv",
        writer=writer,
        every_seconds=every_seconds,
        start=None,
        watch=Stopwatch(clock, 0.0, None),
        stop=lambda epoch: False,
    )
    keeping.set_model(compiled())
    keeping.on_train_begin()
    return keeping


def test_none_is_made_of_a_model_that_grew_in_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[int] = []
    writer = CheckpointWriter(tmp_path, lambda epoch, _: told.append(epoch))
    keeping = checkpointing(tmp_path, writer)
    keeping.on_epoch_end(0)
    writer.flush()
    keeping.model.add(keras.layers.Dense(1))
    keeping.on_epoch_end(1)
    keeping.on_epoch_end(2)
    keeping.write_newest()
    writer.close()
    assert told == [1]
    assert capsys.readouterr().out.count("no checkpoints are made") == 1


def test_none_is_made_beside_one_that_is_being_written(tmp_path: Path) -> None:
    told: list[int] = []
    go_on = threading.Event()

    def hear(epoch: int, _: str) -> None:
        assert go_on.wait(60)
        told.append(epoch)

    now = 0.0
    writer = CheckpointWriter(tmp_path, hear)
    keeping = checkpointing(tmp_path, writer, 10.0, lambda: now)
    now = 10.0
    keeping.on_epoch_end(0)
    keeping.on_epoch_end(1)
    go_on.set()
    keeping.write_newest()
    assert told == [1]
    keeping.on_epoch_end(2)
    keeping.write_newest()
    assert told == [1, 3]
    writer.close()


def test_all_who_ask_about_a_stop_at_an_epochs_end_hear_the_same() -> None:
    wanted: StopAt | None = None
    ending = StopAfterEpoch(lambda: wanted, Stopwatch(float, 0.0, None), None)
    assert not ending.asked(0)
    wanted = "epoch"
    ending.on_epoch_end(0)
    assert ending.asked(1)
    with pytest.raises(Stopped):
        ending.on_epoch_end(1)


def test_optimizers_of_a_model_within_and_in_collections_are_found() -> None:
    model = compiled()
    assert not snapshot.has_other_optimizers(model)
    for held in ([keras.optimizers.SGD()], {"critic": keras.optimizers.SGD()}):
        model = compiled()
        model.held = held
        assert snapshot.has_other_optimizers(model)
    outer = keras.Sequential([compiled()])
    outer.compile("sgd", "mse")
    assert snapshot.has_other_optimizers(outer)
