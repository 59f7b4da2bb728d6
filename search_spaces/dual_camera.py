"""Two pictures of one scene, a left and a right one, through one convolutional base."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.blocks.bases import BASES
from search_spaces.blocks.image import GLOBAL_POOLS, Convolution, halving
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's. KerasTuner gives None for those whose condition does not hold."""

    base: str
    depth: int
    filters: int
    joint_layers: int
    joint_filters: int
    activation: str
    batch_norm: bool
    pooling: str
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        base = hp.Choice("base", ["small", "xception"], default="xception")
        with hp.conditional_scope("base", ["small"]):
            depth = hp.Int("depth", 1, 4, default=3)
            filters = hp.Int("filters", 8, 128, sampling="log", default=32)
        joint_layers = hp.Int("joint_layers", 0, 2, default=1)
        with hp.conditional_scope("joint_layers", [1, 2]):
            joint_filters = hp.Int("joint_filters", 16, 256, sampling="log", default=64)
        return cls(
            base=base,
            depth=depth,
            filters=filters,
            joint_layers=joint_layers,
            joint_filters=joint_filters,
            activation=hp.Choice("activation", ACTIVATIONS),
            batch_norm=hp.Boolean("batch_norm", default=False),
            pooling=hp.Choice("pooling", ["average", "max"]),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
        )


class DualCamera(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """Two images of one shape in, one output. The base is one layer, used on both: what it learns, it learns of both.

    Defaults: Xception, its maps of left and right concatenated (Deep Learning with Python, 7.1, which ends there). What
    follows is ours: 3x3 convolutions over both maps, which can tell how far a thing has moved between them, and global
    pooling. Pictures too small for Xception are enlarged. ``batch_norm`` is for the convolutions of our own.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="dual_camera")
        self.inputs = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        convolve = Convolution(choices.activation, choices.batch_norm)
        base = self._base(choices, convolve)
        entries = {field.name: compiling.entrance(field) for field in self.inputs}
        maps = layers.Concatenate()([base(entry) for entry in entries.values()])
        for _ in range(choices.joint_layers):
            maps = convolve(maps, choices.joint_filters, 3)
        features = GLOBAL_POOLS[choices.pooling]()(maps)
        if choices.dropout > 0:
            features = layers.Dropout(choices.dropout)(features)
        return compiling.compiled(entries, features, [self.output], hp, self.name)

    def _base(self, choices: Choices, convolve: Convolution) -> keras.Model:
        """One picture (height, width, channels) of values 0 … 1 to maps."""
        picture = keras.Input(self.inputs[0].shape)
        if choices.base in BASES:
            fitted = BASES[choices.base].fitted(picture)
            maps = BASES[choices.base].build(fitted)(fitted)
        else:
            maps = picture
            for block in range(choices.depth):
                maps = convolve(maps, choices.filters * 2**block, 3)
                maps = convolve(maps, maps.shape[-1], 3, halving(maps))
        return keras.Model(picture, maps, name=f"{choices.base}_base")
