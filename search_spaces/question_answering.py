"""A text and a question about it to one of a set of answers."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces import compiling
from search_spaces.blocks.text import CELLS, DenseLayers, Reader
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    cell: str
    recurrent_layers: int
    text_embedding: int
    text_units: int
    question_embedding: int
    question_units: int
    dense: DenseLayers

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            cell=hp.Choice("cell", list(CELLS)),
            recurrent_layers=hp.Int("recurrent_layers", 1, 2, default=1),
            text_embedding=hp.Int("text_embedding", 8, 256, sampling="log", default=64),
            text_units=hp.Int("text_units", 8, 256, sampling="log", default=32),
            question_embedding=hp.Int("question_embedding", 8, 256, sampling="log", default=32),
            question_units=hp.Int("question_units", 8, 256, sampling="log", default=16),
            dense=DenseLayers.ask(hp),
        )


class QuestionAnswering(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """A text and a question in, a class out. Each of the two has an embedding and recurrent layers of its own.

    Defaults: embeddings 64 and 32, LSTM 32 and 16, concatenated (Deep Learning with Python, 7.1). Such a model adds up
    what speaks for an answer in the text and in the question; it takes a dense layer to weigh one by the other.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="question_answering")
        self.text, self.question = signature.inputs
        (self.answer,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        entries = [compiling.entrance(field) for field in (self.text, self.question)]
        readers = [
            Reader(field.vocabulary, embedding, choices.cell, units, choices.recurrent_layers)
            for field, embedding, units in (
                (self.text, choices.text_embedding, choices.text_units),
                (self.question, choices.question_embedding, choices.question_units),
            )
        ]
        both = [read(entry) for read, entry in zip(readers, entries, strict=True)]
        features = choices.dense(layers.Concatenate()(both))
        return compiling.compiled(entries, features, [self.answer], hp, self.name)
