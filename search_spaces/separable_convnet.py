"""A small convnet of depthwise separable convolutions over one image."""

from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.blocks.image import POOLS, condensed, halving, normalised
from search_spaces.signature import Signature

KERNEL = 3


class SeparableConvnet(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One image in, one output. Defaults: 32-64, pool, 64-128, pool, 64-128, global average, Dense 32.

    The listing of Deep Learning with Python, 7.3.
    """

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="separable_convnet")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def build(self, hp: Any) -> keras.Model:
        depth = hp.Int("depth", 1, 4, default=3)
        width = hp.Int("width", 8, 64, sampling="log", default=32)
        activation = hp.Choice("activation", ACTIVATIONS)
        pooling = hp.Choice("pooling", ["max", "average"])
        batch_norm = hp.Boolean("batch_norm", default=False)
        dropout = hp.Float("dropout", 0.0, 0.5, default=0.0)

        entry = compiling.entrance(self.input)
        size = min(self.input.shape[:2])
        padding = "valid" if _fits_unpadded(size, depth) else "same"
        features = entry
        for block in range(depth):
            if block > 0 and halving(features) > 1:
                features = POOLS[pooling](2)(features)
            # The first block is half as wide as the others.
            for filters in (width, 2 * width) if block == 0 else (2 * width, 4 * width):
                features = _convolution(filters, padding)(features)
                if batch_norm:
                    features = normalised(features)
                features = layers.Activation(activation)(features)
        features = condensed(features, "average", width, activation, dropout)
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
