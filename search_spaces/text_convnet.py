"""A convnet over one text."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks.text import Convolutions
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    embedding_size: int
    depth: int
    filters: int
    convolutions: Convolutions
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            embedding_size=hp.Int("embedding_size", 8, 256, sampling="log", default=128),
            depth=hp.Int("depth", 1, 4, default=2),
            filters=hp.Int("filters", 8, 256, sampling="log", default=32),
            convolutions=Convolutions.ask(hp, kernel=7, global_pooling="average"),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.0),
        )


class TextConvnet(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One text in, one output: ``depth`` convolutions with a pooling between them.

    Defaults: Embedding 128, Conv1D 32 of width 7, max pooling 5, Conv1D 32 of width 7, global average pooling. The
    listing of Deep Learning with Python, 7.2, but for the output: there it is linear under a loss of probabilities.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="text_convnet")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        convolutions = choices.convolutions
        entry = compiling.entrance(self.input)
        steps = layers.Embedding(self.input.vocabulary, choices.embedding_size)(entry)
        for block in range(choices.depth):
            if block > 0:
                steps = convolutions.pool(steps)
            steps = convolutions.convolve(steps, choices.filters)
        features = convolutions.condense(steps)
        if choices.dropout > 0:
            features = layers.Dropout(choices.dropout)(features)
        return compiling.compiled(entry, features, [self.output], hp, self.name)
