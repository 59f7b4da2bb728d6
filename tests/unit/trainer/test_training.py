"""One trial in this process: what it reports, how it ends, and what it leaves behind."""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf

from search_spaces import datasets
from search_spaces.datasets.cache import Cache
from search_spaces.library import Library
from tuner_service.trainer.callbacks import EpochReport
from tuner_service.trainer.fitting import LOG, MODEL
from tuner_service.trainer.reasons import REASON_LINES, reason
from tuner_service.trainer.stopping import StopAt
from tuner_service.trainer.task import Hearer, Outcome, Task
from tuner_service.trainer.training import PICTURE, train

# Keras reads TensorFlow variables in a way that NumPy 2 frowns upon.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


PLAIN = {"width": 32, "optimizer": "sgd"}
"""The cheapest optimizer: most of a trial this small is the tracing of its step."""


def task(**changes: Any) -> Task:
    data: dict[str, Any] = {
        "study": "digits",
        "number": 3,
        "attempt": 1,
        "search_space": "dense",
        "dataset": "digits",
        "parameters": dict(PLAIN),
        "training": {
            "epochs": 3,
            "batch_size": 64,
            "early_stopping": None,
            "reduce_lr_on_plateau": None,
        },
        "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
        "seed": 7,
        "lease_seconds": 60,
    }
    training = data["training"] | changes.pop("training", {})
    return Task.from_json({**data, **changes, "training": training})


def run(
    the: Task, folder: Path, stop: Callable[[], StopAt | None] = lambda: None
) -> tuple[Outcome, list[EpochReport]]:
    reports: list[EpochReport] = []
    return train(the, folder, Hearer(reports.append, stop), library(folder)), reports


def library(folder: Path, *models: Path) -> Library:
    return Library(models, (), Cache(folder / "cache", 2**40))


@dataclass(frozen=True)
class Trial:
    folder: Path
    started: list[tuple[int, bool]]
    reports: list[EpochReport]
    outcome: Outcome


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A trial of the task as it is."""
    folder = tmp_path_factory.mktemp("plain")
    started: list[tuple[int, bool]] = []
    reports: list[EpochReport] = []
    hearer = Hearer(reports.append, started=lambda *told: started.append(told))
    return Trial(folder, started, reports, train(task(), folder, hearer, library(folder)))


def test_every_epoch_is_reported_with_its_learning_rate(plain: Trial) -> None:
    assert plain.outcome == Outcome("completed", None, 3_466, (MODEL, LOG, PICTURE))
    assert plain.started == [(3_466, True)]
    assert [report.epoch for report in plain.reports] == [0, 1, 2]
    for report in plain.reports:
        assert set(report.metrics) == {
            "accuracy",
            "loss",
            "val_accuracy",
            "val_loss",
            "learning_rate",
        }
        assert report.metrics["learning_rate"] == pytest.approx(1e-3)
        assert report.seconds > 0


def test_same_seed_gives_the_same_metrics(tmp_path: Path) -> None:
    chance = {**PLAIN, "dropout": 0.3}
    the = task(parameters=chance)
    first, again = (
        [report.metrics for report in run(the, tmp_path / name)[1]] for name in ("a", "b")
    )
    other = [report.metrics for report in run(task(parameters=chance, seed=8), tmp_path)[1]]
    assert first == again
    assert first != other


def test_saved_model_is_that_of_the_best_epoch(tmp_path: Path) -> None:
    # A rate at which the validation accuracy goes up and down, so that the last epoch is not the best one.
    the = task(
        parameters={"learning_rate": 0.05, "optimizer": "adam"},
        training={
            "epochs": 8,
            "early_stopping": {"monitor": "val_loss", "patience": 20, "restore_best_weights": True},
        },
    )
    outcome, reports = run(the, tmp_path)
    assert outcome.state == "completed"
    accuracies = [report.metrics["val_accuracy"] for report in reports]
    assert max(accuracies) > accuracies[-1]
    model = keras.saving.load_model(tmp_path / MODEL)
    held = datasets.load("digits").validation
    scores = model.evaluate(
        held.inputs["image"], held.outputs["label"], verbose=0, return_dict=True
    )
    assert scores["accuracy"] == pytest.approx(max(accuracies))


def test_log_has_a_row_per_epoch(plain: Trial) -> None:
    with (plain.folder / LOG).open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    assert [float(row["val_loss"]) for row in rows] == pytest.approx(
        [report.metrics["val_loss"] for report in plain.reports]
    )
    assert "learning_rate" in rows[0]


def test_early_stopping_ends_training(tmp_path: Path) -> None:
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 100.0}
    outcome, reports = run(task(training={"epochs": 50, "early_stopping": stopping}), tmp_path)
    assert outcome.state == "completed"
    assert len(reports) < 5
    assert outcome.detail == (
        f"stopped early after epoch {len(reports) - 1}: val_loss had not improved by 100 for 1 epoch"
    )


def test_an_early_stop_at_the_last_epoch_is_none(tmp_path: Path) -> None:
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 100.0}
    outcome, reports = run(task(training={"epochs": 2, "early_stopping": stopping}), tmp_path)
    assert (outcome.state, outcome.detail) == ("completed", None)
    assert len(reports) == 2


def test_reported_rate_is_the_one_that_the_epoch_was_trained_with(tmp_path: Path) -> None:
    plateau = {"monitor": "val_loss", "factor": 0.5, "patience": 1, "min_delta": 100.0}
    _, reports = run(task(training={"epochs": 4, "reduce_lr_on_plateau": plateau}), tmp_path)
    rates = [report.metrics["learning_rate"] for report in reports]
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 2.5e-4])


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_loss_that_is_no_number_fails_the_trial_at_once(tmp_path: Path) -> None:
    the = task(parameters={"optimizer": "sgd", "learning_rate": 1e30}, training={"epochs": 9})
    outcome, reports = run(the, tmp_path)
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.startswith('metric "')
    assert outcome.error.endswith(f" in epoch {reports[-1].epoch}")
    assert not math.isfinite(reports[-1].metrics["loss"])
    assert len(reports) < 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"objectives": [{"metric": "val_acc", "direction": "maximize"}]},
        {"training": {"early_stopping": {"monitor": "val_acc"}}},
        {"training": {"reduce_lr_on_plateau": {"monitor": "val_acc"}}},
    ],
    ids=["objective", "early_stopping", "reduce_lr_on_plateau"],
)
def test_unknown_metric_fails_the_trial_and_names_the_known_ones(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    outcome, reports = run(task(**wrong), tmp_path)
    assert outcome.state == "failed"
    assert outcome.error == (
        'unknown metric "val_acc"; this model reports: '
        "accuracy, learning_rate, loss, val_accuracy, val_loss"
    )
    assert reports == []


def test_stop_ends_between_two_batches(tmp_path: Path) -> None:
    asked = 0

    def stop() -> StopAt | None:
        nonlocal asked
        asked += 1
        return "batch" if asked > 30 else None  # 17 batches and 6 for validation an epoch

    outcome, reports = run(task(training={"epochs": 500}), tmp_path, stop)
    assert outcome == Outcome("stopped", None, 3_466, (LOG, PICTURE))
    assert [report.epoch for report in reports] == [0]
    assert asked == 31 + 1, "once more it is asked whether somebody will go on"


def test_model_that_cannot_be_built_fails_the_trial(tmp_path: Path) -> None:
    outcome, _ = run(task(parameters={"widht": 3}), tmp_path)
    assert outcome.state == "failed"
    assert outcome.model_parameters is None
    assert outcome.artifacts == ()
    assert outcome.error is not None
    assert outcome.error.startswith('unknown parameter "widht"; this model has: ')
    assert len(outcome.error.splitlines()) == 1


def test_trial_after_a_failed_one_is_unharmed(plain: Trial, tmp_path: Path) -> None:
    expected = plain.reports[-1].metrics
    run(task(objectives=[{"metric": "nope", "direction": "maximize"}]), tmp_path / "failed")
    assert run(task(), tmp_path / "after")[1][-1].metrics == expected


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("could not allocate"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("step failed\nRESOURCE_EXHAUSTED: Out of memory while trying to allocate"),
    ],
)
def test_running_out_of_memory_is_said_in_so_many_words(error: Exception) -> None:
    text = reason(error, doing="training")
    assert text.startswith("out of memory: ")
    assert len(text.splitlines()) == 1


def test_reason_stays_short_however_long_the_error() -> None:
    text = reason(ValueError("\n".join(f"line {i}" for i in range(500))), doing="training")
    assert text.startswith("training failed: ValueError: line 0\n")
    assert text.endswith("line 499")
    assert len(text.splitlines()) == REASON_LINES


def test_two_classes_are_learned_from_a_vector(tmp_path: Path) -> None:
    the = task(dataset="breast_cancer", parameters={"width": 32})
    outcome, reports = run(the, tmp_path)
    assert outcome.state == "completed"
    assert reports[-1].metrics["val_accuracy"] > 0.85


def test_default_convnet_learns_the_digits(tmp_path: Path) -> None:
    the = task(search_space="separable_convnet", parameters={}, training={"epochs": 18})
    _, reports = run(the, tmp_path)
    assert max(report.metrics["val_accuracy"] for report in reports) > 0.9
