"""A trial that was interrupted goes on as if it had not been."""

from dataclasses import replace
from pathlib import Path
from typing import Any

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

EPOCHS = 6
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
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomFlip("horizontal"),
        layers.Conv2D(6, 3, activation="relu"),
        layers.SpatialDropout2D(0.1),
        layers.BatchNormalization(),
        layers.GaussianNoise(0.1),
        Shaken(),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax", dtype="float32"),
    ])
    optimizer = {
        "adamw": lambda: keras.optimizers.AdamW(
            Warming(), gradient_accumulation_steps=2, clipnorm=1.0
        ),
        "sgd": lambda: keras.optimizers.SGD(
            0.02, momentum=0.9, nesterov=True, use_ema=True, ema_overwrite_frequency=20
        ),
        "rmsprop": lambda: keras.optimizers.RMSprop(0.002, momentum=0.5, centered=True),
        "nadam": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Nadam(0.002)),
    }[hp.Choice("optimizer", ["adamw", "sgd", "rmsprop", "nadam"])]()
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


def expect_the_same(the: Task, folder: Path, cuts: list[tuple[int, str]], **machine: Any) -> None:
    whole = Machine(folder / "whole", **machine)
    assert whole.train(the).error is None
    pieces = in_pieces(the, folder, cuts, **machine)
    assert all(len(piece.reports) < len(whole.reports) for piece in pieces), "nothing was resumed"
    assert curve(pieces) == whole.curve
    assert pieces[-1].log == whole.log
    assert same_to_the_bit(pieces[-1].weights, whole.weights)


POSTS = {"embedding_size": 8, "filters": 8, "depth": 1, "dropout": 0.2, "batch_norm": True}
THRICE = [(1, "batch"), (2, "killed"), (4, "epoch")]


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "rmsprop", "nadam"])
def test_a_model_full_of_chance_goes_on_to_the_bit(optimizer: str, tmp_path: Path) -> None:
    (tmp_path / "random_model.py").write_text(RANDOM)
    the = task(
        search_space="random_model",
        parameters={"optimizer": optimizer},
        training={"epochs": EPOCHS, "batch_size": 128},
    )
    expect_the_same(the, tmp_path, THRICE, models=(tmp_path,))


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
    whole = Machine(tmp_path / "alone")
    whole.train(the)
    epochs = len(whole.reports)
    rates = [metrics["learning_rate"] for metrics in whole.curve]
    best = max(range(epochs), key=lambda n: whole.curve[n]["val_accuracy"])
    last_drop = max(n for n in range(1, epochs) if rates[n] != rates[n - 1])
    assert 3 < epochs < 40, "it stops early"
    assert best < epochs - 2, "the best epoch is on the far side of a cut"
    # Before a drop whose waiting has begun, between the best epoch and the end, and right before the end.
    cuts = [(last_drop - 1, "epoch"), (best + 1, "killed"), (epochs - 1, "batch")]
    expect_the_same(the, tmp_path, sorted(cuts))


@pytest.mark.parametrize(
    ("search_space", "dataset", "metric", "parameters"),
    [
        ("post_profile", "made_posts", "val_loss", POSTS),
        ("siamese_lstm", "made_pairs", "val_accuracy", {"dropout": 0.2}),
        ("dense", "iris", "val_accuracy", {"optimizer": "sgd", "momentum": 0.9}),
    ],
)
def test_every_kind_of_model_goes_on_to_the_bit(
    search_space: str, dataset: str, metric: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    the = task(
        search_space=search_space,
        dataset=dataset,
        parameters=parameters,
        objectives=[
            {"metric": metric, "direction": "minimize" if "loss" in metric else "maximize"}
        ],
        training={"epochs": 3, "batch_size": 256},
    )
    expect_the_same(the, tmp_path, [(1, "killed"), (2, "batch")])


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
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True
    )
    return model
""")
    the = task(search_space="own_random", parameters={}, training={"epochs": 3, "batch_size": 256})
    expect_the_same(the, tmp_path, [(1, "killed"), (2, "batch")], models=(tmp_path,))


def test_a_kill_loses_what_no_checkpoint_has_and_no_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path, kill_in=3)
    with pytest.raises(Killed):
        machine.train(task(training={"epochs": 5}), Checkpoints(every_seconds=0.0))
    assert sorted(machine.checkpoints) == [1, 2, 3]
    assert all(file.is_file() for file in machine.checkpoints.values())


def test_nothing_is_written_before_its_time_or_after_the_last_epoch(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.train(task(training={"epochs": 3}), Checkpoints(every_seconds=1e9))
    assert machine.checkpoints == {}
    machine.train(task(training={"epochs": 3}), Checkpoints(every_seconds=0.0))
    assert max(machine.checkpoints) < 3


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
    again.stop_in = (0, "batch")
    outcome = again.train(task(training={"epochs": 9}), Checkpoints(first.checkpoints[2], 2))
    assert outcome.state == "stopped"
    assert again.checkpoints == {}


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


def test_a_model_that_trains_with_several_optimizers_makes_no_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text("""
import keras


class Two(keras.Sequential):
    def compile(self, second, **given):
        super().compile(**given)
        self.second = second


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
    _, alone, _ = timed(limited, tmp_path / "alone", Clock(1_000.0))
    saved = read(first.checkpoints[2])
    write(replace(saved, seconds=1_500.0), first.checkpoints[2].parent)
    outcome, reports, _ = timed(limited, tmp_path / "second", Clock(1_000.0), plan)
    assert outcome.state == "completed"
    assert [report.epoch for report in alone] == [0, 1, 2]
    assert [report.epoch for report in reports] == [2]


def test_checkpoints_come_when_so_many_seconds_have_passed(tmp_path: Path) -> None:
    the = task(training={"epochs": 9})
    _, _, checkpoints = timed(the, tmp_path, Clock(1_000.0), Checkpoints(every_seconds=2_500.0))
    # What still waits when the training ends is dropped.
    assert checkpoints in ([3, 6], [3])
