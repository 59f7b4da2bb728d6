"""Arrays reach a model under the right names, with the labels that its loss wants, whole or batch by batch."""

from typing import Any

import keras
import numpy as np
import pytest

from search_spaces.datasets.dataset import Part
from search_spaces.signature import Signature, label, number, vector
from tuner_service.trainer.feeding import Feed, InOrder

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

ROWS = 10
LEFT, RIGHT = vector("left", 2), vector("right", 3)
KIND, AGE = label("kind", 3), number("age")
X = {
    "left": np.arange(ROWS * 2, dtype=np.float32).reshape(ROWS, 2),
    "right": np.zeros((ROWS, 3), np.float32),
}
Y = {
    "kind": (np.arange(ROWS) % 3).astype(np.int32),
    "age": np.arange(ROWS, dtype=np.float32),
}


def model(loss: Any, names: tuple[str, str] = ("left", "right"), outputs: int = 2) -> Any:
    entries = [keras.Input((2,), name=names[0]), keras.Input((3,), name=names[1])]
    both = keras.layers.Concatenate()(entries)
    ends = [keras.layers.Dense(3, name="kind")(both), keras.layers.Dense(1, name="age")(both)]
    built = keras.Model(entries, ends[:outputs])
    built.compile("sgd", loss=loss)
    return built


def part(*outputs: str) -> Part:
    return Part(X, {name: Y[name] for name in outputs})


def test_inputs_go_by_name_where_the_model_has_these_names_and_else_in_order() -> None:
    signature = Signature((LEFT, RIGHT), (AGE,))
    named, _ = Feed(model("mse"), signature).arrays(part("age"))
    assert set(named) == {"left", "right"}
    ordered, _ = Feed(model("mse", names=("a", "b")), signature).arrays(part("age"))
    assert [array.shape for array in ordered] == [(ROWS, 2), (ROWS, 3)]


@pytest.mark.parametrize(
    "loss",
    [
        ["categorical_crossentropy", "mse"],
        {"kind": keras.losses.CategoricalCrossentropy(), "age": "mse"},
        {"kind": keras.losses.categorical_crossentropy, "age": "mse"},
    ],
)
def test_a_categorical_loss_gets_one_hot_labels_however_it_was_named(loss: Any) -> None:
    signature = Signature((LEFT, RIGHT), (KIND, AGE))
    feed = Feed(model(loss), signature)
    x, y = feed.arrays(part("kind", "age"))
    assert y["kind"].shape == (ROWS, 3)
    assert y["kind"].sum() == ROWS
    assert y["age"].shape == (ROWS,)
    feed.model.train_on_batch(x, y)


def test_a_sparse_loss_gets_the_integers() -> None:
    signature = Signature((LEFT, RIGHT), (KIND,))
    feed = Feed(model("sparse_categorical_crossentropy", outputs=1), signature)
    _, y = feed.arrays(part("kind"))
    assert y is Y["kind"]


def test_batches_hold_every_example_once_an_epoch_in_an_order_of_seed_and_epoch() -> None:
    signature = Signature((LEFT, RIGHT), (AGE,))
    feed = Feed(model("mse"), signature)

    def epochs(seed: int) -> list[list[float]]:
        stream = feed.shuffled(part("age"), 4, seed)
        return [[float(v) for _ in range(3) for v in next(stream)[1]] for _ in range(2)]

    first, second = epochs(seed=7)
    assert sorted(first) == sorted(second) == list(range(ROWS))
    assert first != second
    assert epochs(seed=7) == [first, second]
    assert epochs(seed=8) != [first, second]


def test_a_stream_trains_as_arrays_do() -> None:
    signature = Signature((LEFT, RIGHT), (KIND,))
    feed = Feed(model("categorical_crossentropy", outputs=1), signature)
    history = feed.model.fit(
        feed.shuffled(part("kind"), 4, seed=1),
        steps_per_epoch=3,
        validation_data=InOrder(feed, part("kind"), 4),
        epochs=2,
        shuffle=False,
        verbose=0,
    ).history
    held = feed.model.evaluate(*feed.arrays(part("kind")), verbose=0)
    assert history["val_loss"][-1] == pytest.approx(held, rel=1e-4)
