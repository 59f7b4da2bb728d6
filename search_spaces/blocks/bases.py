"""Keras's ready-made image models as bases: without their top, over pictures made fit for them."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers


@dataclass(frozen=True)
class ImageBase:
    """A model of ``keras.applications`` that expects three channels from -1 to 1, ``smallest`` pixels a side at least.

    ``imagenet_file`` is what Keras calls its download of the weights.
    """

    constructor: str
    smallest: int
    imagenet_file: str

    def fitted(self, picture: Any) -> Any:
        """The picture (batch, height, width, channels) of values 0 … 1 as this base wants it.

        Grey is repeated to three channels; any other number but three is mixed by a 1x1 convolution, which is trained.
        A side that is too short is stretched to ``smallest``, bilinearly.
        """
        channels = picture.shape[-1]
        if channels == 1:
            picture = layers.Concatenate()([picture] * 3)
        elif channels != 3:
            picture = layers.Conv2D(3, 1)(picture)
        height, width = (max(side, self.smallest) for side in picture.shape[1:3])
        if (height, width) != tuple(picture.shape[1:3]):
            picture = layers.Resizing(height, width)(picture)
        return layers.Rescaling(scale=2.0, offset=-1.0)(picture)

    def build(self, picture: Any, weights: str | None = None) -> keras.Model:
        """The base without its top for such ``fitted`` pictures; ``weights`` as ``keras.applications`` takes them."""
        constructor = getattr(keras.applications, self.constructor)
        model: keras.Model = constructor(
            weights=weights, include_top=False, input_shape=tuple(picture.shape[1:])
        )
        return model


BASES = {
    "inception_v3": ImageBase(
        "InceptionV3", 75, "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    ),
    "xception": ImageBase("Xception", 71, "xception_weights_tf_dim_ordering_tf_kernels_notop.h5"),
}
