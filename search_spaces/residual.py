"""A convnet with residual connections over one image."""

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
    identity_blocks: int
    filters: int
    pooling: str
    activation: str
    batch_norm: bool
    dense_width: int
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            depth=hp.Int("depth", 1, 4, default=2),
            identity_blocks=hp.Int("identity_blocks", 0, 3, default=1),
            filters=hp.Int("filters", 16, 256, sampling="log", default=128),
            pooling=hp.Choice("pooling", ["max", "average"]),
            activation=hp.Choice("activation", ACTIVATIONS),
            batch_norm=hp.Boolean("batch_norm", default=False),
            dense_width=hp.Int("dense_width", 16, 256, sampling="log", default=32),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
        )


class Residual(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One image in, one output. ``depth`` stages: a block that halves the picture, then blocks that keep its shape.

    The two kinds of block, with 128 filters, are those of Deep Learning with Python, 7.1, after He et al. 2015; how
    many there are and what follows is ours. A picture of one pixel is halved no further.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="residual")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        # He's initializer would keep a branch's variance, and each sum double it; Glorot's lets the shortcut lead.
        convolve = Convolution(choices.activation, choices.batch_norm, initializer="glorot_uniform")
        entry = compiling.entrance(self.input)
        maps = entry
        for _ in range(choices.depth):
            maps = halving_block(maps, choices.filters, convolve, choices.pooling)
            for _ in range(choices.identity_blocks):
                maps = identity_block(maps, convolve)
        features = condensed(
            maps, "average", choices.dense_width, choices.activation, choices.dropout
        )
        return compiling.compiled(entry, features, [self.output], hp, self.name)


def identity_block(maps: Any, convolve: Convolution) -> Any:
    """The maps plus what three 3x3 convolutions make of them; the shape stays."""
    branch, filters = maps, maps.shape[-1]
    for _ in range(3):
        branch = convolve(branch, filters, 3)
    return layers.Add()([branch, maps])


def halving_block(maps: Any, filters: int, convolve: Convolution, pooling: str) -> Any:
    """Two 3x3 convolutions and a pooling, plus the maps projected to that shape by a strided 1x1 convolution.

    Where the shapes agree already, for lack of anything to halve, the maps are added as they are.
    """
    stride = halving(maps)
    branch = convolve(convolve(maps, filters, 3), filters, 3)
    if stride > 1:
        # Padded, so that an odd side is rounded up as the strided projection does.
        branch = POOLS[pooling](2, stride, padding="same")(branch)
    if branch.shape == maps.shape:
        return layers.Add()([branch, maps])
    projection = layers.Conv2D(filters, 1, stride, padding="same")(maps)
    return layers.Add()([branch, projection])
