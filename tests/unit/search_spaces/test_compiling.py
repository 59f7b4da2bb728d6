"""A number is learned and predicted in the units that its user has it in."""

import keras
import keras_tuner
import numpy as np
import pytest

from search_spaces import compiling, registry
from search_spaces.parameters import presets
from search_spaces.signature import Field, Signature, label, number, vector
from tests.unit.search_spaces.training import answers, fit

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MEAN, DEVIATION = 400_000.0, 120_000.0


def prices(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.RandomState(0).randn(rows, 3).astype("float32")
    return x, (MEAN + DEVIATION * (x[:, 0] + x[:, 1]) / np.sqrt(2)).astype("float32")


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam", "sgd"])
def test_a_price_is_learned_with_the_usual_learning_rates(optimizer: str) -> None:
    keras.utils.set_random_seed(1)
    signature = Signature((vector("x", 3),), (number("price", MEAN, DEVIATION),))
    values: dict[str, presets.Value] = {"optimizer": optimizer, "learning_rate": 0.01}
    model = presets.build(registry.build("dense", signature), values)
    x, y = prices()
    fit(model, x, y, epochs=10, batch_size=16)
    scores = model.evaluate(x, y, verbose=0, return_dict=True)
    assert scores["loss"] < 0.1, "in squared deviations: 1 is what guessing the mean gets"
    assert scores["mae"] == pytest.approx(np.abs(answers(model, x)[:, 0] - y).mean(), rel=1e-3)
    assert 1_000 < scores["mae"] < 40_000, "in the price's own units"


def test_of_several_outputs_each_counts_in_its_own_unit() -> None:
    fields: list[Field] = [number("price", MEAN, DEVIATION), label("kind", 3)]
    entry = keras.Input((3,), name="x")

    model = compiling.compiled(
        [entry], entry, fields, keras_tuner.HyperParameters(), "two", {"price": 0.25}
    )
    x, y = prices()
    kinds = np.zeros(len(y), "int32")
    scores = model.evaluate(
        x, {"price": y, "kind": kinds}, batch_size=len(y), verbose=0, return_dict=True
    )
    expected = 0.25 * scores["price_loss"] / DEVIATION**2 + scores["kind_loss"]
    assert scores["loss"] == pytest.approx(expected, rel=1e-3)
