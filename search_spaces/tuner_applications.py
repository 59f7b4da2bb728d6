"""KerasTuner's own image hypermodels as families: ``HyperResNet``, ``HyperXception``, ``HyperEfficientNet``.

What they build, how they train it and what they tune is KerasTuner's; here they learn what the data's fields are
called. They end in one softmax under a categorical cross-entropy, for two classes too, so they train on one-hot labels.
Each starts from fresh weights.

A build takes seconds, so the parameters are also declared without one; a test holds the two against each other.
"""

from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.signature import Signature


class HyperResNet(keras_tuner.applications.HyperResNet):  # type: ignore[misc]  # Keras has no types
    """ResNet, ResNetV2 or ResNeXt with tuned depths (keras_tuner.applications.HyperResNet)."""

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        (self.field,), (label,) = signature.inputs, signature.outputs
        super().__init__(input_shape=self.field.shape, classes=label.classes, name="hyper_resnet")

    def declare_hyperparameters(self, hp: Any) -> None:
        hp.Choice("version", ["v1", "v2", "next"], default="v2")
        hp.Choice("conv3_depth", [4, 8])
        hp.Choice("conv4_depth", [6, 23, 36])
        hp.Choice("pooling", ["avg", "max"], default="avg")
        hp.Choice("optimizer", ["adam", "rmsprop", "sgd"], default="adam")
        hp.Choice("learning_rate", [0.1, 0.01, 0.001], default=0.01)

    def build(self, hp: Any) -> keras.Model:
        self.input_tensor = compiling.entrance(self.field)
        return super().build(hp)


class HyperXception(keras_tuner.applications.HyperXception):  # type: ignore[misc]  # Keras has no types
    """Xception with tuned width, depth and head (keras_tuner.applications.HyperXception)."""

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        (self.field,), (label,) = signature.inputs, signature.outputs
        super().__init__(input_shape=self.field.shape, classes=label.classes, name="hyper_xception")

    def declare_hyperparameters(self, hp: Any) -> None:
        hp.Choice("activation", ["relu", "selu"])
        hp.Choice("conv2d_num_filters", [32, 64, 128], default=64)
        hp.Choice("kernel_size", [3, 5])
        hp.Choice("initial_strides", [2])
        hp.Int("sep_num_filters", 128, 768, step=128, default=256)
        hp.Int("num_residual_blocks", 2, 8, default=4)
        hp.Choice("pooling", ["avg", "flatten", "max"])
        hp.Int("num_dense_layers", 1, 3)
        hp.Float("dropout_rate", 0.0, 0.6, step=0.1, default=0.5)
        hp.Choice("dense_use_bn", [True, False])
        hp.Choice("learning_rate", [1e-3, 1e-4, 1e-5])

    def build(self, hp: Any) -> keras.Model:
        self.input_tensor = compiling.entrance(self.field)
        return super().build(hp)


RESOLUTIONS = {
    "B0": 224,
    "B1": 240,
    "B2": 260,
    "B3": 300,
    "B4": 380,
    "B5": 456,
    "B6": 528,
    "B7": 600,
}
"""A picture's side in pixels, by version (Tan and Le, EfficientNet, 2019)."""

POOLS = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}


class HyperEfficientNet(keras_tuner.applications.HyperEfficientNet):  # type: ignore[misc]  # Keras has no types
    """EfficientNet B0 to B7 at its own resolution (keras_tuner.applications.HyperEfficientNet).

    KerasTuner's own ``build`` fetches ImageNet's weights, for pictures of three channels alone. This one starts afresh,
    so that it needs no network and takes any picture.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        (self.field,), (label,) = signature.inputs, signature.outputs
        super().__init__(
            input_shape=self.field.shape, classes=label.classes, name="hyper_efficientnet"
        )

    def declare_hyperparameters(self, hp: Any) -> None:
        hp.Choice("version", list(RESOLUTIONS), default="B0")
        hp.Choice("pooling", ["avg", "max"], default="avg")
        hp.Float("top_dropout_rate", 0.2, 0.8, step=0.2, default=0.2)
        hp.Choice("learning_rate", [0.1, 0.01, 0.001], default=0.01)

    def build(self, hp: Any) -> keras.Model:
        self.declare_hyperparameters(hp)
        version, side = hp.get("version"), RESOLUTIONS[hp.get("version")]
        entry = compiling.entrance(self.field)
        # The network itself scales bytes down, and the data has pixels from 0 to 1.
        pixels = layers.Resizing(side, side, name="resolution")(layers.Rescaling(255.0)(entry))
        network = getattr(keras.applications, f"EfficientNet{version}")
        features = network(include_top=False, weights=None, input_tensor=pixels).output
        features = POOLS[hp.get("pooling")](name="pool")(features)
        features = layers.Dropout(hp.get("top_dropout_rate"), name="top_dropout")(features)
        probabilities = layers.Dense(self.classes, activation="softmax", name="probs")(features)
        model = keras.Model(entry, probabilities, name="EfficientNet")
        self._compile(model, hp)
        return model
