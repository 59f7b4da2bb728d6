"""What the first batch finds made already."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tests.unit.trainer.test_own_models_training import run
from tuner_service.trainer.ahead import build_ahead

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others do not trace"),
]

COUNTING = """
class Counting(keras.layers.Layer):
    def call(self, inputs, training=False):
        if training:
            print("called to train")
        return inputs

def build(hp):
    model = layers(Counting(), keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def compiled() -> keras.Model:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def examples() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.normal(size=(32, 4)).astype("float32"), random.integers(0, 3, 32)


def test_training_is_traced_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome, reports, _ = run(tmp_path, COUNTING)
    assert (outcome.state, len(reports)) == ("completed", 3)
    assert capsys.readouterr().out.count("called to train") == 1


def test_the_model_learns_as_it_would_without() -> None:
    x, y = examples()
    plain, ahead = compiled(), compiled()
    build_ahead(ahead, x[:2], y[:2])
    for one, other in zip(plain.get_weights(), ahead.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    histories = [model.fit(x, y, epochs=3, shuffle=False, verbose=0) for model in (plain, ahead)]
    assert histories[0].history == histories[1].history


def test_a_model_with_a_step_of_its_own_is_left_alone() -> None:
    class Own(keras.Model):  # type: ignore[misc]  # Keras has no types
        calls = 0

        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: object) -> object:
            self.calls += 1
            return self.dense(inputs)

        def train_step(self, data: object) -> dict[str, float]:
            return {"loss": 0.0}

    model = Own()
    model.compile("adam", "mse")
    build_ahead(model, *examples())
    assert model.calls == 0
    assert not model.optimizer.built


def test_what_a_layer_counts_stays_as_it_is() -> None:
    class Calls(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        def build(self, shape: object) -> None:
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs: object) -> object:
            self.calls.assign_add(1.0)
            return inputs

    counting = Calls()
    model = keras.Sequential([keras.Input((4,)), counting, keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    before = float(counting.calls)
    build_ahead(model, *examples())
    assert model.optimizer.built
    assert float(counting.calls) == before


def test_what_is_wrong_with_the_data_is_left_to_training_to_tell() -> None:
    model = compiled()
    build_ahead(model, np.zeros((2, 5), "float32"), np.zeros(2))
    assert not model.optimizer.built


def test_a_call_without_training_in_its_signature_will_do() -> None:
    class Plain(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3, activation="softmax")

        def call(self, inputs: object) -> object:
            return self.dense(inputs)

    model = Plain()
    model.compile("adam", "sparse_categorical_crossentropy")
    build_ahead(model, *examples())
    assert model.optimizer.built
