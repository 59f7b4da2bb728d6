"""A small convnet of depthwise separable convolutions over one image."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.blocks.image import POOLS, condensed, halving, normalised
from search_spaces.signature import Signature

KERNEL = 3


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    depth: int
    width: int
    activation: str
    pooling: str
    batch_norm: bool
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            depth=hp.Int("depth", 1, 4, default=3),
            width=hp.Int("width", 8, 64, sampling="log", default=32),
            activation=hp.Choice("activation", ACTIVATIONS),
            pooling=hp.Choice("pooling", ["max", "average"]),
            batch_norm=hp.Boolean("batch_norm", default=False),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
        )


class SeparableConvnet(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One image in, one output. Defaults: 32-64, pool, 64-128, pool, 64-128, global average, Dense 32.

    The listing of Deep Learning with Python, 7.3.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="separable_convnet")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        width = choices.width
        entry = compiling.entrance(self.input)
        size = min(self.input.shape[:2])
        padding = "valid" if _fits_unpadded(size, choices.depth) else "same"
        features = entry
        for block in range(choices.depth):
            if block > 0 and halving(features) > 1:
                features = POOLS[choices.pooling](2)(features)
            # The first block is half as wide as the others.
            for filters in (width, 2 * width) if block == 0 else (2 * width, 4 * width):
                features = _convolution(filters, padding)(features)
                if choices.batch_norm:
                    features = normalised(features)
                features = layers.Activation(choices.activation)(features)
        features = condensed(features, "average", width, choices.activation, choices.dropout)
        return compiling.compiled(entry, features, [self.output], hp, self.name)


def _convolution(filters: int, padding: str) -> layers.Layer:
    # Glorot counts a depthwise kernel's channels as outputs of one filter, so six layers on the signal is gone and
    # nothing is learned without batch normalization. A standard deviation of 1/3 over 3x3 weights keeps its variance.
    return layers.SeparableConv2D(
        filters,
        KERNEL,
        padding=padding,
        depthwise_initializer=keras.initializers.RandomNormal(stddev=1 / KERNEL),
        pointwise_initializer="he_normal",
    )


def _fits_unpadded(size: int, depth: int) -> bool:
    """Whether ``depth`` blocks of two unpadded convolutions and a pooling between leave a picture."""
    for block in range(depth):
        size = size // 2 if block > 0 else size
        size -= 2 * (KERNEL - 1)
    return size >= 1
