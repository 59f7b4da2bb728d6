"""Models of the user's own are trained as they were written: their ``fit``, their losses, their layers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from search_spaces.datasets.cache import Cache
from search_spaces.library import Library
from tests.unit.trainer.test_training import task
from tuner_service.trainer.callbacks import EpochReport, LossMoves
from tuner_service.trainer.fitting import MODEL
from tuner_service.trainer.task import Hearer, Outcome
from tuner_service.trainer.training import PICTURE, train

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # What Keras says of a callback whose monitor is missing.
    pytest.mark.filterwarnings("ignore:.*conditioned on metric `val_loss`:UserWarning"),
]

HEAD = """
import keras
import keras_tuner

def layers(*last):
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(16, activation="relu"), *last])
"""
BUILD = """
    def build(self, hp):
        model = layers(keras.layers.Dense(10, activation="softmax"))
        rate = hp.Choice("rate", [0.01, 0.1])
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
"""


def run(
    folder: Path, code: str, **changes: Any
) -> tuple[Outcome, list[EpochReport], list[tuple[Mapping[str, Any] | None, str | None]]]:
    models = folder / "models"
    models.mkdir(exist_ok=True)
    (models / "mine.py").write_text(HEAD + code)
    reports: list[EpochReport] = []
    found: list[tuple[Mapping[str, Any] | None, str | None]] = []
    hearer = Hearer(reports.append, preflight=lambda what, error: found.append((what, error)))
    library = Library([models], [], Cache(folder / "cache", 2**40))
    the = task(**{"search_space": "mine", "parameters": {}, **changes})
    return train(the, folder / "trial", hearer, library), reports, found


def test_a_function_that_builds_a_model_is_enough(tmp_path: Path) -> None:
    code = """
def build(hp):
    model = layers(keras.layers.Dense(10, activation=hp.Choice("last", ["softmax", "sigmoid"])))
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model
"""
    outcome, reports, _ = run(tmp_path, code, parameters={"last": "softmax"})
    assert outcome.error is None
    assert outcome.model_parameters == 64 * 16 + 16 + 16 * 10 + 10
    assert set(outcome.artifacts) >= {MODEL, PICTURE}
    # Its loss wants one-hot labels, the data has integers.
    assert reports[-1].metrics["val_accuracy"] > 0.5


def test_own_fit_trains_and_tunes(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(
            *args, batch_size=hp.Choice("batch", [16, 32]), epochs=hp.Int("epochs", 1, 5), **kwargs
        )
"""
    outcome, reports, _ = run(tmp_path, code, parameters={"batch": 32, "epochs": 4})
    assert outcome.error is None
    assert [report.epoch for report in reports] == [0, 1, 2, 3]
    assert reports[-1].metrics["val_accuracy"] > 0.5


def test_own_fit_without_wishes_takes_the_studys_epochs(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        if hp.Boolean("scaled"):
            x = x * 2.0
        return model.fit(x, y, validation_data=validation_data, callbacks=callbacks, **kwargs)
"""
    outcome, reports, _ = run(
        tmp_path, code, parameters={"scaled": True}, training={"epochs": 2, "batch_size": 128}
    )
    assert outcome.error is None
    assert len(reports) == 2


def test_a_loop_of_ones_own_is_told_epoch_by_epoch(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(1, 4):
            loss = model.train_on_batch(x, y, return_dict=True)["loss"]
            held = model.evaluate(*validation_data, verbose=0, return_dict=True)
            logs = {{"loss": loss, **{{f"val_{{name}}": value for name, value in held.items()}}}}
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs=logs)
        return held["accuracy"]
"""
    outcome, reports, _ = run(tmp_path, code)
    assert outcome.error is None
    assert [report.epoch for report in reports] == [0, 1, 2]
    assert (tmp_path / "trial" / MODEL).exists()


def test_a_loop_of_ones_own_needs_no_metric_but_the_objective(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(2):
            loss = model.train_on_batch(x, y)[0]
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={{"my_metric": loss}})
        return loss
"""
    callbacks = {"early_stopping": {"monitor": "val_loss"}, "reduce_lr_on_plateau": {}}
    mine = [{"metric": "my_metric", "direction": "minimize"}]
    outcome, reports, _ = run(tmp_path, code, objectives=mine, training=callbacks)
    assert outcome.error is None
    assert len(reports) == 2
    assert reports[1].seconds > 0.001, "from the end of the one before"
    outcome, _, _ = run(tmp_path, code, training=callbacks)
    assert outcome.error == (
        'unknown metric "val_accuracy"; this model reports: learning_rate, my_metric'
    )


@pytest.mark.parametrize(
    ("stops", "detail"),
    [
        (True, "stopped early after epoch 1: val_loss had not improved by 100 for 1 epoch"),
        (False, None),
    ],
)
def test_a_loop_of_ones_own_has_stopped_early_only_if_it_did(
    tmp_path: Path, stops: bool, detail: str | None
) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(4):
            logs = {{"val_accuracy": 0.5, "val_loss": 1.0, "loss": 1.0 / (1 + epoch)}}
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs=logs)
            if {stops} and model.stop_training:
                break
"""
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 100.0}
    outcome, _, _ = run(tmp_path, code, training={"epochs": 9, "early_stopping": stopping})
    assert (outcome.error, outcome.detail) == (None, detail)


@pytest.mark.parametrize(
    "returned", ['{"val_accuracy": 0.25}', "0.25", 'type("V", (float,), {})(0.25)']
)
def test_a_fit_that_only_returns_its_result_is_one_epoch(tmp_path: Path, returned: str) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, *args, **kwargs):
        model.train_on_batch(args[0][:32], args[1][:32])
        return {returned}
"""
    outcome, reports, _ = run(tmp_path, code)
    assert outcome.error is None
    assert [report.epoch for report in reports] == [0]
    assert reports[0].metrics["val_accuracy"] == 0.25


def test_a_fit_that_tells_nothing_fails_and_is_told_what_to_return(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, *args, **kwargs):
        return None
"""
    outcome, _, _ = run(tmp_path, code)
    assert outcome.error is not None
    assert (
        "it must return a History, a dictionary of metrics or the objective's value"
        in (outcome.error.splitlines()[0])
    )


def test_a_parameter_that_neither_build_nor_fit_asks_for_fails_the_trial(tmp_path: Path) -> None:
    code = f"""
class Mine(keras_tuner.HyperModel):{BUILD}
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, **kwargs)
"""
    outcome, _, _ = run(tmp_path, code, parameters={"widht": 3})
    assert outcome.error is not None
    assert 'unknown parameter "widht"' in outcome.error


BOOKS_CONVNET = """
def build(hp):
    model = keras.Sequential([
        keras.layers.Embedding(400, 16),
        keras.layers.Conv1D(8, 7, activation="relu"),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(1, {last}),
    ])
    # Far below zero, where the loss clips what it takes for a probability.
    model.layers[-1].bias_initializer = keras.initializers.Constant(-5.0)
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model
"""


def test_a_linear_output_under_a_loss_of_probabilities_is_caught(tmp_path: Path) -> None:
    """As in the book's listing of a 1D convnet, whose loss stands at 7.7364 for all of its twenty epochs."""
    code = BOOKS_CONVNET.replace("{last}", 'activation="linear"')
    outcome, reports, _ = run(tmp_path, code, dataset="made_reviews", training={"epochs": 20})
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert outcome.error.startswith(
        f"the training loss did not move in {LossMoves.EPOCHS} epochs (it stayed at "
    )
    assert len(reports) == LossMoves.EPOCHS, "it must not train on for an hour"


def test_the_same_model_with_the_right_activation_is_left_alone(tmp_path: Path) -> None:
    code = BOOKS_CONVNET.replace("{last}", 'activation="sigmoid"')
    outcome, reports, _ = run(tmp_path, code, dataset="made_reviews", training={"epochs": 5})
    assert outcome.state == "completed", outcome.error
    assert reports[-1].metrics["loss"] < reports[0].metrics["loss"]


def test_a_loss_that_stands_still_after_it_moved_is_no_mistake() -> None:
    moves = LossMoves()
    for epoch, loss in enumerate([0.7, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]):
        moves.on_epoch_end(epoch, {"loss": loss})
    learned = LossMoves()
    for epoch in range(8):
        learned.on_epoch_end(epoch, {"loss": 0.0})


def test_the_default_candidate_is_examined_first(tmp_path: Path) -> None:
    code = """
def build(hp):
    model = layers(keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
    order = {"parameters": {}, "training": {"batch_size": 64}}
    outcome, _, found = run(tmp_path, code, preflight=order, training={"epochs": 1})
    assert outcome.error is None
    ((preflight, error),) = found
    assert error is None
    assert preflight is not None
    assert preflight["parameters"] == outcome.model_parameters
    assert set(preflight["metrics"]) == {
        *("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    }
    assert [layer["output_shape"] for layer in preflight["layers"]][-3:] == [[64], [16], [10]]


def test_of_a_model_that_its_own_fit_compiles_the_metrics_are_not_known_before(
    tmp_path: Path,
) -> None:
    code = """
class Mine(keras_tuner.HyperModel):
    def build(self, hp):
        return layers(keras.layers.Dense(10, activation="softmax"))

    def fit(self, hp, model, *args, **kwargs):
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model.fit(*args, **kwargs)
"""
    order = {"parameters": {}, "training": {"batch_size": 64}}
    outcome, reports, found = run(tmp_path, code, preflight=order, training={"epochs": 1})
    assert outcome.error is None
    assert len(reports) == 1
    ((preflight, error),) = found
    assert error is None
    assert preflight is not None
    assert preflight["metrics"] == []
    assert preflight["parameters"] == outcome.model_parameters


def test_the_trial_does_not_depend_on_whether_there_was_a_preflight(tmp_path: Path) -> None:
    def curve(name: str, **more: Any) -> list[Mapping[str, float]]:
        reports: list[EpochReport] = []
        library = Library([], [], Cache(tmp_path / "cache", 2**40))
        outcome = train(task(**more), tmp_path / name, Hearer(reports.append), library)
        assert outcome.error is None
        return [report.metrics for report in reports]

    order = {"parameters": {"width": 16}, "training": {"batch_size": 64}}
    assert curve("with", preflight=order) == curve("without")


def test_a_default_candidate_that_cannot_take_the_data_is_told(tmp_path: Path) -> None:
    code = """
def build(hp):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
"""
    order = {"parameters": {}, "training": {"batch_size": 64}}
    _, _, found = run(tmp_path, code, preflight=order)
    ((preflight, error),) = found
    assert preflight is None
    assert error is not None
    assert "cannot be trained on this data" in error
    assert "Traceback" not in error
