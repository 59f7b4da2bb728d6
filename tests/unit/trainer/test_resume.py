"""A trial that was interrupted goes on as if it had not been."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest

from tests.unit.trainer.interruptions import Killed, Machine, same_to_the_bit
from tests.unit.trainer.test_training import library, task
from tuner_service.trainer.callbacks import EpochReport
from tuner_service.trainer.checkpoint import Checkpoint, read, write
from tuner_service.trainer.fitting import MODEL
from tuner_service.trainer.stopping import StopAt
from tuner_service.trainer.task import Checkpoints, Hearer, Task
from tuner_service.trainer.training import train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BATCHES = 5
"""In an epoch of digits, of 256 examples each."""
RANDOM = """
import keras


@keras.saving.register_keras_serializable()
class Shaken(keras.layers.Layer):
    # Draws from the process's generator, not from one of its own.
    def call(self, x, training=False):
        return x + keras.random.normal(keras.ops.shape(x), stddev=0.1) if training else x


@keras.saving.register_keras_serializable()
class Warming(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.002 * keras.ops.minimum(1.0, keras.ops.cast(step, "float32") / 40)

    def get_config(self):
        return {}


def build(hp):
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.RandomFlip("horizontal"),
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        Shaken(),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(10, activation="softmax", dtype="float32"),
    ])
    optimizer = keras.optimizers.AdamW(
        Warming(),
        gradient_accumulation_steps=2,
        clipnorm=1.0,
        use_ema=True,
        ema_overwrite_frequency=4,
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def in_pieces(
    the: Task, folder: Path, cuts: list[tuple[int, str]], **machine: Any
) -> list[Machine]:
    """Each cut ends an attempt after so many whole epochs: "killed", or by a stop at a "batch" or an "epoch"."""
    machines: list[Machine] = []
    plan = Checkpoints(every_seconds=0.0)
    for number, (epochs, how) in enumerate([*cuts, (10**9, "never")]):
        now = Machine(folder / f"attempt-{number}", **machine)
        if how == "killed":
            now.kill_in = epochs
            with pytest.raises(Killed):
                now.train(the, plan)
        else:
            stop: StopAt = "epoch" if how == "epoch" else "batch"
            # The stop is asked for when one epoch less is done, where it is to take effect at the end of the next.
            now.stop_in = (epochs - plan.epoch - (stop == "epoch"), stop)
            outcome = now.train(the, plan)
            assert outcome.error is None
            assert outcome.state == ("completed" if how == "never" else "stopped")
        machines.append(now)
        if now.checkpoints:
            newest = max(now.checkpoints)
            plan = Checkpoints(now.checkpoints[newest], newest, 0.0)
    return machines


def curve(machines: list[Machine]) -> list[Any]:
    """As the server has it: what an attempt reported after the next one's beginning is rolled back."""
    reports = {report.epoch: report.metrics for machine in machines for report in machine.reports}
    return [reports[epoch] for epoch in sorted(reports)]


def in_one_piece(the: Task, folder: Path, **machine: Any) -> Machine:
    whole = Machine(folder / "whole", **machine)
    assert whole.train(the).error is None
    return whole


def expect_the_same(
    whole: Machine, the: Task, folder: Path, cuts: list[tuple[int, str]], **machine: Any
) -> None:
    pieces = in_pieces(the, folder, cuts, **machine)
    assert all(len(piece.reports) < len(whole.reports) for piece in pieces), "nothing was resumed"
    assert curve(pieces) == whole.curve
    assert pieces[-1].log == whole.log
    assert pieces[-1].outcome == whole.outcome
    assert same_to_the_bit(pieces[-1].weights, whole.weights)


def test_a_model_full_of_chance_goes_on_to_the_bit(tmp_path: Path) -> None:
    (tmp_path / "random_model.py").write_text(RANDOM)
    the = task(
        search_space="random_model", parameters={}, training={"epochs": 5, "batch_size": 256}
    )
    models = (tmp_path,)
    whole = in_one_piece(the, tmp_path, models=models)
    cuts = [(1, "batch"), (2, "killed"), (4, "epoch")]
    expect_the_same(whole, the, tmp_path, cuts, models=models)


def test_early_stop_and_reduced_rates_come_when_they_would_have(tmp_path: Path) -> None:
    the = task(
        parameters={"width": 16, "learning_rate": 0.05, "optimizer": "adam"},
        training={
            "epochs": 40,
            "batch_size": 256,
            "early_stopping": {
                "monitor": "val_loss",
                "patience": 4,
                "restore_best_weights": True,
                "start_from_epoch": 1,
            },
            "reduce_lr_on_plateau": {
                "monitor": "val_loss",
                "factor": 0.5,
                "patience": 1,
                "cooldown": 1,
                "min_delta": 0.05,
            },
        },
    )
    whole = in_one_piece(the, tmp_path)
    epochs = len(whole.reports)
    rates = [metrics["learning_rate"] for metrics in whole.curve]
    best = max(range(epochs), key=lambda n: whole.curve[n]["val_accuracy"])
    last_drop = max(n for n in range(1, epochs) if rates[n] != rates[n - 1])
    assert 3 < epochs < 40, "it stops early"
    assert best < epochs - 2, "the best epoch is on the far side of a cut"
    # Before a drop whose waiting has begun, and right before the end.
    assert best < last_drop - 1, "one cut is between the best epoch and the end"
    expect_the_same(whole, the, tmp_path, [(last_drop - 1, "epoch"), (epochs - 1, "killed")])


def test_a_model_of_several_outputs_goes_on_to_the_bit(tmp_path: Path) -> None:
    the = task(
        search_space="post_profile",
        dataset="made_posts",
        parameters={"embedding_size": 8, "filters": 8, "depth": 1, "dropout": 0.2},
        objectives=[{"metric": "val_loss", "direction": "minimize"}],
        training={"epochs": 2, "batch_size": 512},
    )
    expect_the_same(in_one_piece(the, tmp_path), the, tmp_path, [(1, "killed")])


def test_code_of_the_users_own_draws_as_it_would_have(tmp_path: Path) -> None:
    (tmp_path / "own_random.py").write_text("""
import random

import keras
import numpy as np


@keras.saving.register_keras_serializable()
class Shaken(keras.layers.Layer):
    def call(self, x, training=False):
        return x + float(random.random() + np.random.normal() if training else 0.0)


def build(hp):
    model = keras.Sequential([
        keras.layers.Flatten(), Shaken(), keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        # Nadam has a product of its own that Keras does not save.
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Nadam(0.002)),
        "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True,
    )
    return model
""")
    the = task(search_space="own_random", parameters={}, training={"epochs": 2, "batch_size": 256})
    models = (tmp_path,)
    whole = in_one_piece(the, tmp_path, models=models)
    expect_the_same(whole, the, tmp_path, [(1, "killed")], models=models)


def test_a_kill_loses_what_no_checkpoint_has_and_no_more(tmp_path: Path) -> None:
    """The older files make room: an outage of the server must not fill the disk."""
    machine = Machine(tmp_path, kill_in=3)
    with pytest.raises(Killed):
        machine.train(task(training={"epochs": 5}), Checkpoints(every_seconds=0.0))
    assert max(machine.checkpoints) == 3
    there = sorted(file.name for file in (tmp_path / "trial").glob("checkpoint*"))
    assert there == [f"checkpoint-{epoch}" for epoch in sorted(machine.checkpoints)[-2:]]


def test_nothing_is_written_before_its_time(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.train(task(training={"epochs": 3}), Checkpoints(every_seconds=1e9))
    assert machine.checkpoints == {}


@pytest.mark.parametrize(("stop", "epochs"), [("batch", 2), ("epoch", 3)])
def test_a_stop_ends_at_the_batch_or_the_epoch_and_leaves_the_newest_checkpoint(
    stop: StopAt, epochs: int, tmp_path: Path
) -> None:
    machine = Machine(tmp_path, stop_in=(2, stop))
    # On a clock that stands still every copy is cheap.
    outcome = machine.train(task(training={"epochs": 500}), clock=float)
    assert outcome.state == "stopped"
    assert len(machine.reports) == epochs
    assert max(machine.checkpoints) == epochs


def test_a_stop_during_the_last_epoch_lets_it_complete(tmp_path: Path) -> None:
    machine = Machine(tmp_path, stop_in=(1, "epoch"))
    assert machine.train(task(training={"epochs": 2})).state == "completed"


def test_a_trial_stopped_again_before_an_epoch_is_done_leaves_no_new_checkpoint(
    tmp_path: Path,
) -> None:
    first, again = Machine(tmp_path / "a", stop_in=(2, "batch")), Machine(tmp_path / "b")
    first.train(task(training={"epochs": 9}), clock=float)
    file = first.checkpoints[2]
    again.stop_in = (0, "batch")
    outcome = again.train(task(training={"epochs": 9}), Checkpoints(file, 2))
    assert outcome.state == "stopped"
    assert again.checkpoints == {}
    assert not file.exists(), "it makes room once it was used"


def test_a_trial_that_nobody_will_go_on_with_leaves_no_checkpoint(tmp_path: Path) -> None:
    machine = Machine(tmp_path, stop_in=(1, "drop"))
    outcome = machine.train(task(training={"epochs": 500}), clock=float)
    assert outcome.state == "stopped"
    assert machine.checkpoints == {}


def test_own_fit_makes_no_checkpoints_and_cannot_begin_with_one(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("""
import keras
import keras_tuner


class Mine(keras_tuner.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, **kwargs)
""")
    own = task(search_space="mine", parameters={}, training={"epochs": 4})
    machine = Machine(tmp_path / "own", models=(tmp_path,), stop_in=(2, "epoch"))
    assert machine.train(own, Checkpoints(every_seconds=0.0)).state == "stopped"
    assert len(machine.reports) == 3
    assert machine.checkpoints == {}
    empty = Checkpoint(1, 0.0, own.identity, {}, {}, {}, log="")
    plan = Checkpoints(tmp_path / write(empty, tmp_path), 1)
    outcome = machine.train(own, plan)
    assert (outcome.state, outcome.error) == (
        "unusable",
        "a fit of the model's own cannot be resumed",
    )


def test_a_model_that_trains_with_several_optimizers_makes_no_checkpoints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two.py").write_text("""
import keras


class Two(keras.Sequential):
    def compile(self, second, **given):
        super().compile(**given)
        self.others = [second]


def build(hp):
    model = Two([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(
        keras.optimizers.SGD(0.1),
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"],
    )
    return model
""")
    the = task(search_space="two", parameters={}, training={"epochs": 2})
    machine = Machine(tmp_path / "trial", models=(tmp_path,))
    machine.train(the, Checkpoints(every_seconds=0.0))
    assert len(machine.reports) == 2
    assert machine.checkpoints == {}
    why = "a model with several optimizers cannot be resumed"
    assert f"no checkpoints are made: {why}\n" in capsys.readouterr().out
    empty = Checkpoint(1, 0.0, the.identity, {}, {}, {}, log="")
    outcome = machine.train(the, Checkpoints(tmp_path / write(empty, tmp_path), 1))
    assert (outcome.state, outcome.error) == ("unusable", why)


def test_epochs_stay_whole_where_keras_takes_several_batches_at_once(tmp_path: Path) -> None:
    (tmp_path / "four.py").write_text("""
import keras


def build(hp):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=4,
    )
    return model
""")
    the = task(
        search_space="four",
        parameters={},
        training={"epochs": 3, "batch_size": 256},
        objectives=[{"metric": "val_loss", "direction": "minimize"}],
    )
    whole = in_one_piece(the, tmp_path, models=(tmp_path,))
    saved = keras.saving.load_model(whole.folder / "trial" / MODEL)
    assert int(saved.optimizer.iterations) == 3 * BATCHES
    expect_the_same(whole, the, tmp_path, [(2, "killed")], models=(tmp_path,))


class Clock:
    """Goes on by a second whenever it is read, and by ``epoch_seconds`` with each epoch."""

    def __init__(self, epoch_seconds: float) -> None:
        self.epoch_seconds = epoch_seconds
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now

    def epoch(self, report: EpochReport) -> None:
        self.now += self.epoch_seconds


def timed(the: Task, folder: Path, clock: Clock, plan: Checkpoints | None = None) -> Any:
    checkpoints: list[int] = []
    reports: list[EpochReport] = []

    def epoch(report: EpochReport) -> None:
        reports.append(report)
        clock.epoch(report)

    hearer = Hearer(epoch, checkpoint=lambda epoch, _: checkpoints.append(epoch))
    outcome = train(the, folder, hearer, library(folder), None, plan, clock)
    return outcome, reports, checkpoints


def test_a_trial_ends_with_its_best_epoch_when_its_seconds_are_over(tmp_path: Path) -> None:
    the = task(training={"epochs": 500, "max_seconds": 1_500.0})
    outcome, reports, _ = timed(the, tmp_path, Clock(1_000.0))
    assert outcome.state == "completed"
    assert len(reports) == 2
    assert MODEL in outcome.artifacts
    assert outcome.detail == "training.max_seconds (1500 s) passed after epoch 1"


def test_a_trial_without_an_epoch_when_its_seconds_are_over_has_failed(tmp_path: Path) -> None:
    the = task(training={"epochs": 500, "max_seconds": 5})
    outcome, reports, _ = timed(the, tmp_path, Clock(0.0))
    assert outcome.state == "failed"
    assert outcome.error == "training.max_seconds (5 s) passed before an epoch was done"
    assert reports == []


def test_the_seconds_of_the_attempts_before_count(tmp_path: Path) -> None:
    limited = task(training={"epochs": 500, "max_seconds": 2_500.0})
    first = Machine(tmp_path / "first", stop_in=(2, "batch"))
    clock = Clock(0.0)
    first.train(limited, Checkpoints(every_seconds=0.0), clock=clock)
    plan = Checkpoints(first.checkpoints[2], 2)
    saved = read(first.checkpoints[2])
    write(replace(saved, seconds=1_500.0), first.checkpoints[2].parent)
    outcome, reports, _ = timed(limited, tmp_path / "second", Clock(1_000.0), plan)
    assert outcome.state == "completed"
    assert [report.epoch for report in reports] == [2]
    assert outcome.detail == "training.max_seconds (2500 s) passed after epoch 2"


def test_a_trial_that_has_no_seconds_left_when_it_goes_on_ends_with_the_epochs_before(
    tmp_path: Path,
) -> None:
    limited = task(training={"epochs": 500, "max_seconds": 2_500.0})
    first = Machine(tmp_path / "first", stop_in=(2, "batch"))
    first.train(limited, Checkpoints(every_seconds=0.0), clock=Clock(0.0))
    plan = Checkpoints(first.checkpoints[2], 2)
    write(replace(read(first.checkpoints[2]), seconds=3_000.0), first.checkpoints[2].parent)
    outcome, reports, _ = timed(limited, tmp_path / "second", Clock(0.0), plan)
    assert (outcome.state, reports) == ("completed", [])
    assert outcome.detail == "training.max_seconds (2500 s) passed after epoch 1"


def test_checkpoints_come_when_so_many_seconds_have_passed(tmp_path: Path) -> None:
    the = task(training={"epochs": 9})
    _, _, checkpoints = timed(the, tmp_path, Clock(1_000.0), Checkpoints(every_seconds=2_500.0))
    # What still waits when the training ends is dropped.
    assert checkpoints in ([3, 6], [3])
