"""What image families are made of. Pictures and maps are (batch, height, width, channels)."""

from dataclasses import dataclass
from typing import Any

from keras import layers

POOLS = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
GLOBAL_POOLS = {"average": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}


@dataclass(frozen=True)
class Convolution:
    """A padded convolution, then batch normalization where wanted, then the activation."""

    activation: str
    batch_norm: bool
    initializer: str = "he_normal"

    def __call__(self, maps: Any, filters: int, kernel: int, stride: int = 1) -> Any:
        maps = layers.Conv2D(
            filters, kernel, stride, padding="same", kernel_initializer=self.initializer
        )(maps)
        if self.batch_norm:
            maps = normalised(maps)
        return layers.Activation(self.activation)(maps)


def normalised(maps: Any) -> Any:
    """Batch normalization whose statistics follow within some dozens of batches."""
    # Keras's own momentum of 0.99 needs hundreds. Until then a small data set's validation says nothing, and a trial
    # that learns well is stopped for it.
    return layers.BatchNormalization(momentum=0.9)(maps)


def halving(maps: Any) -> int:
    """The stride that halves these maps: 2, or 1 where a side is a single pixel and there is nothing to halve."""
    return 2 if min(maps.shape[1:3]) >= 2 else 1


def condensed(maps: Any, pooling: str, width: int, activation: str, dropout: float) -> Any:
    """Maps to a vector (batch, ``width``): pooled over the whole picture, then a dense layer, then dropout."""
    features = GLOBAL_POOLS[pooling]()(maps)
    features = layers.Dense(width, activation=activation)(features)
    return layers.Dropout(dropout)(features) if dropout > 0 else features
