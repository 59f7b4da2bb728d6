"""A convnet of Inception modules over one image."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.blocks.image import POOLS, Convolution, condensed, halving
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    depth: int
    filters: int
    pooling: str
    activation: str
    batch_norm: bool
    dense_width: int
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            depth=hp.Int("depth", 1, 4, default=3),
            filters=hp.Int("filters", 16, 256, sampling="log", default=128),
            pooling=hp.Choice("pooling", ["average", "max"]),
            activation=hp.Choice("activation", ACTIVATIONS),
            batch_norm=hp.Boolean("batch_norm", default=False),
            dense_width=hp.Int("dense_width", 16, 256, sampling="log", default=32),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
        )


class Inception(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One image in, one output. Defaults: modules of four branches of 128 filters, each halving the picture.

    The module is that of Deep Learning with Python, 7.1, after GoogLeNet (Szegedy et al. 2014); the book shows one
    alone, so how many there are and what follows is ours. A picture of one pixel is halved no further.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="inception")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        convolve = Convolution(choices.activation, choices.batch_norm)
        entry = compiling.entrance(self.input)
        maps = entry
        for _ in range(choices.depth):
            maps = module(maps, choices.filters, convolve, choices.pooling)
        features = condensed(
            maps, "average", choices.dense_width, choices.activation, choices.dropout
        )
        return compiling.compiled(entry, features, [self.output], hp, self.name)


def module(maps: Any, filters: int, convolve: Convolution, pooling: str) -> Any:
    """Four views of the same maps, side by side: 4 * ``filters`` channels, height and width halved in every branch."""
    stride = halving(maps)
    point = convolve(maps, filters, 1, stride)
    small = convolve(convolve(maps, filters, 1), filters, 3, stride)
    pooled = POOLS[pooling](3, stride, padding="same")(maps)
    pooled = convolve(pooled, filters, 3)
    large = convolve(convolve(maps, filters, 1), filters, 3)
    large = convolve(large, filters, 3, stride)
    return layers.Concatenate()([point, small, pooled, large])
