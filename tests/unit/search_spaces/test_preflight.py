"""Before the first trial: what a model is, what it needs, what it will report, and that it takes the data."""

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from search_spaces import compiling, preflight, registry, reported
from search_spaces.parameters import presets
from search_spaces.preflight import Untrainable
from search_spaces.signature import Field, label, number
from tests.unit.search_spaces.training import fit

ROWS = 6
ONE = [label("kind", 3)]
THREE = [number("age"), label("income", 4), label("gender", 2)]


def model_for(outputs: list[Field]) -> keras.Model:
    entry = keras.Input((4,), name="x")
    features = layers.Dense(3, name="hidden")(entry)
    return compiling.compiled(entry, features, outputs, keras_tuner.HyperParameters(), "tiny")


def data_for(outputs: list[Field]) -> tuple[Any, Any]:
    y = {field.name: np.zeros(ROWS, field.dtype) for field in outputs}
    return np.ones((ROWS, 4), "float32"), y if len(y) > 1 else next(iter(y.values()))


@pytest.mark.parametrize("outputs", [ONE, [number("price")], THREE])
def test_metrics_are_those_that_fit_reports(outputs: list[Field]) -> None:
    model, (x, y) = model_for(outputs), data_for(outputs)
    examined = preflight.examine(model, x, y, batch_size=2)["metrics"]
    history = fit(model, x, y, validation_data=(x, y))
    assert examined == sorted([*history, "learning_rate"])
    assert reported.metrics(outputs) == examined
    assert reported.metrics([field.to_json() for field in outputs]) == examined


def test_examining_leaves_the_model_as_it_is() -> None:
    model, (x, y) = model_for(ONE), data_for(ONE)
    before = model.get_weights()
    preflight.examine(model, x, y, batch_size=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations == 0
    assert not model.run_eagerly


def test_layers_with_their_shapes_without_the_batch() -> None:
    found = preflight.examine(model_for(ONE), *data_for(ONE), batch_size=2)
    assert found["parameters"] == 15 + 12
    assert found["layers"] == [
        {"name": "x", "type": "InputLayer", "output_shape": [4], "parameters": 0},
        {"name": "hidden", "type": "Dense", "output_shape": [3], "parameters": 15},
        {"name": "kind", "type": "Dense", "output_shape": [3], "parameters": 12},
    ]


def test_shapes_of_several_outputs_of_unknown_ones_and_of_a_shared_layer() -> None:
    entry, other = keras.Input((None, 2), name="a"), keras.Input((None, 2), name="b")
    lstm = layers.LSTM(3, return_state=True, name="lstm")
    model = keras.Model([entry, other], layers.Add()([lstm(entry)[0], lstm(other)[0]]))
    model.compile("adam", "mse")
    x = {"a": np.ones((2, 5, 2)), "b": np.ones((2, 5, 2))}
    shapes = {
        layer["name"]: layer["output_shape"]
        for layer in preflight.examine(model, x, np.ones((2, 3)), batch_size=2)["layers"]
    }
    assert shapes["a"] == [None, 2]
    assert shapes["lstm"] == [[3], [3], [3]]
    assert len(shapes) == 4


class Subclassed(keras.Model):  # type: ignore[misc]  # Keras has no types
    def __init__(self) -> None:
        super().__init__(name="own")
        self.hidden = layers.Dense(3, name="hidden")

    def call(self, x: Any) -> Any:
        return self.hidden(x)


def test_subclassed_model_is_built_by_the_batch() -> None:
    model = Subclassed()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = preflight.examine(model, *data_for(ONE), batch_size=2)
    assert found["parameters"] == 15
    assert found["layers"][0]["output_shape"] == [3]


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (np.ones((ROWS, 5)), np.zeros(ROWS), r"expected .*shape"),
        (np.ones((ROWS, 2, 4)), np.zeros(ROWS), r"shape=\(2, 2, 4\)"),
        (np.ones((ROWS, 4)), np.full(ROWS, 7), "label value of 7"),
        (np.ones((ROWS, 4)), np.zeros((ROWS, 3)), "must have rank"),
    ],
)
def test_data_that_does_not_go_through_is_told_in_one_line(x: Any, y: Any, reason: str) -> None:
    with pytest.raises(
        Untrainable, match=f'model "tiny" cannot be trained on this data: .*{reason}'
    ) as e:
        preflight.examine(model_for(ONE), x, y, batch_size=2)
    message = str(e.value)
    assert not set("\n\x1b{") & set(message)


def test_message_leaves_the_data_out() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)], name="small")
    model.compile("adam", "mse")
    with pytest.raises(Untrainable, match=r"incompatible shape \(2, 4, 2\)") as e:
        preflight.examine(model, np.ones((ROWS, 4, 2)), np.ones(ROWS), batch_size=2)
    assert "[" not in str(e.value)


def test_model_that_was_not_compiled_is_told() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="raw")
    with pytest.raises(Untrainable, match=r'model "raw".*compile'):
        preflight.examine(model, *data_for(ONE), batch_size=2)


class Greedy(keras.Model):  # type: ignore[misc]  # Keras has no types
    def call(self, x: Any) -> Any:
        raise MemoryError("no more")


def test_lack_of_memory_is_not_the_models_fault() -> None:
    model = Greedy()
    model.compile("adam", "mse")
    with pytest.raises(MemoryError, match="no more"):
        preflight.examine(model, *data_for(ONE), batch_size=2)


def dense(optimizer: keras.optimizers.Optimizer | None) -> keras.Model:
    """10 x 5 weights and as many biases as outputs: 55 values; 15 outputs with the input's."""
    model = keras.Sequential([keras.Input((10,)), layers.Dense(5)])
    if optimizer is not None:
        model.compile(optimizer, "mse")
    return model


OUTPUTS_BYTES = 2 * 15 * 4


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        (keras.optimizers.SGD(), 0),
        (keras.optimizers.SGD(momentum=0.9), 1),
        (keras.optimizers.RMSprop(), 1),
        (keras.optimizers.RMSprop(momentum=0.9, centered=True), 3),
        (keras.optimizers.Adam(), 2),
        (keras.optimizers.Adam(amsgrad=True, use_ema=True), 4),
        (keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), 2),
    ],
)
def test_memory_is_weights_gradients_slots_and_outputs(
    optimizer: keras.optimizers.Optimizer, slots: int
) -> None:
    model = dense(optimizer)
    assert preflight.memory(model, batch_size=8) == 55 * 4 * (2 + slots) + 8 * OUTPUTS_BYTES
    optimizer.build(model.trainable_variables)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    kept = [v for v in inner.variables if len(v.shape) > 0]
    assert sum(int(np.prod(variable.shape)) for variable in kept) == 55 * slots


def test_memory_of_frozen_weights_has_no_gradients() -> None:
    model = dense(keras.optimizers.Adam())
    model.layers[0].trainable = False
    assert preflight.memory(model, batch_size=1) == 55 * 4 + OUTPUTS_BYTES


def test_memory_halves_the_outputs_in_half_precision() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = keras.Sequential([keras.Input((10,)), layers.Dense(5)])
    finally:
        keras.config.set_dtype_policy("float32")
    # The input stays as it is.
    assert preflight.memory(model, batch_size=1) == 55 * 4 * 2 + 2 * (10 * 4 + 5 * 2)


def test_memory_of_a_nested_model_counts_its_layers() -> None:
    entry = keras.Input((10,))
    nested = keras.Model(entry, dense(None)(entry))
    assert preflight.memory(nested, batch_size=1) == 55 * 4 * 2 + OUTPUTS_BYTES + 2 * 10 * 4


@pytest.mark.parametrize("name", ["dense", "separable_convnet"])
def test_built_in_family_passes_at_its_books_size(name: str) -> None:
    book = registry.family(name).book
    model = presets.build(registry.build(name, book), {})
    x = np.zeros((2, *book.inputs[0].shape), "float32")
    found = preflight.examine(model, x, np.zeros(2), batch_size=32)
    assert found["metrics"] == reported.metrics(book.outputs)
    assert found["parameters"] == sum(layer["parameters"] for layer in found["layers"])
