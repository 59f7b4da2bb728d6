"""Three things about the author of a text, by one convnet."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks.text import Convolutions
from search_spaces.signature import Field, Signature


@dataclass(frozen=True)
class LossWeights:
    """How much an output counts, by what it is: losses of numbers are large, those of two classes small."""

    number: float
    classes: float
    binary: float

    @classmethod
    def ask(cls, hp: Any) -> "LossWeights":
        return cls(
            number=hp.Float("loss_weight_number", 0.05, 1.0, sampling="log", default=0.25),
            classes=hp.Float("loss_weight_classes", 0.2, 5.0, sampling="log", default=1.0),
            binary=hp.Float("loss_weight_binary", 2.0, 50.0, sampling="log", default=10.0),
        )

    def of(self, field: Field) -> float:
        if field.kind == "number":
            return self.number
        return self.binary if field.classes == 2 else self.classes


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    embedding_size: int
    depth: int
    filters: int
    convolutions: Convolutions
    dense_width: int
    dropout: float
    loss_weights: LossWeights

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            embedding_size=hp.Int("embedding_size", 8, 256, sampling="log", default=256),
            depth=hp.Int("depth", 1, 3, default=2),
            filters=hp.Int("filters", 8, 256, sampling="log", default=128),
            convolutions=Convolutions.ask(hp, kernel=5, global_pooling="max"),
            dense_width=hp.Int("dense_width", 16, 512, sampling="log", default=128),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
            loss_weights=LossWeights.ask(hp),
        )


class PostProfile(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One text in, three outputs. A convolution, then ``depth`` blocks of a pooling and two convolutions twice as wide.

    Defaults: Embedding 256, Conv1D 128, pool 5, twice Conv1D 256, pool 5, twice Conv1D 256, global max pooling, Dense
    128; all convolutions of width 5. The weights of the losses are 0.25 for a number, 1 for classes, 10 for two classes
    (Deep Learning with Python, 7.1).
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="post_profile")
        (self.input,) = signature.inputs
        self.outputs = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        convolutions = choices.convolutions
        entry = compiling.entrance(self.input)
        steps = layers.Embedding(self.input.vocabulary, choices.embedding_size)(entry)
        steps = convolutions.convolve(steps, choices.filters)
        for _ in range(choices.depth):
            steps = convolutions.pool(steps)
            for _ in range(2):
                steps = convolutions.convolve(steps, 2 * choices.filters)
        features = convolutions.condense(steps)
        features = layers.Dense(choices.dense_width, activation=convolutions.activation)(features)
        if choices.dropout > 0:
            features = layers.Dropout(choices.dropout)(features)
        weights = {field.name: choices.loss_weights.of(field) for field in self.outputs}
        return compiling.compiled(entry, features, self.outputs, hp, self.name, weights)
