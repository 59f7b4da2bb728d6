"""A densely connected classifier or regressor over a vector or a flattened image."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    depth: int
    width: int
    activation: str
    batch_norm: bool
    dropout: float
    api: str

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            depth=hp.Int("depth", 1, 4, default=2),
            width=hp.Int("width", 8, 256, sampling="log", default=32),
            activation=hp.Choice("activation", ACTIVATIONS),
            batch_norm=hp.Boolean("batch_norm", default=False),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
            api=hp.Choice("api", ["functional", "sequential"]),
        )


class Dense(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One input, one output. Defaults: Dense 32, Dense 32, then the output (Deep Learning with Python, 7.1).

    ``api`` says as what the same layers are written down, as the book does both: it changes nothing else.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="dense")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        entry = compiling.entrance(self.input)
        features = layers.Flatten()(entry) if len(self.input.shape) > 1 else entry
        for _ in range(choices.depth):
            features = layers.Dense(choices.width)(features)
            if choices.batch_norm:
                features = layers.BatchNormalization()(features)
            features = layers.Activation(choices.activation)(features)
            if choices.dropout > 0:
                features = layers.Dropout(choices.dropout)(features)
        model = compiling.compiled(entry, features, [self.output], hp, self.name)
        return as_sequential(model) if choices.api == "sequential" else model


def as_sequential(model: keras.Model) -> keras.Sequential:
    """A Sequential of the same chain of layers, by name too, with weights of its own and compiled the same way."""
    chain = [type(layer).from_config(layer.get_config()) for layer in model.layers]
    sequential = keras.Sequential(chain, name=model.name)
    sequential.compile_from_config(model.get_compile_config())
    return sequential
