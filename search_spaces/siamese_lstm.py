"""Two sequences, read by the same recurrent layers and compared."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers, ops

from search_spaces import compiling
from search_spaces.blocks.text import CELLS, DenseLayers, Reader
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    cell: str
    recurrent_layers: int
    embedding_size: int
    units: int
    merging: str
    dense: DenseLayers

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        return cls(
            cell=hp.Choice("cell", list(CELLS)),
            recurrent_layers=hp.Int("recurrent_layers", 1, 2, default=1),
            embedding_size=hp.Int("embedding_size", 8, 256, sampling="log", default=128),
            units=hp.Int("units", 8, 256, sampling="log", default=32),
            merging=hp.Choice("merging", ["concatenate", "compare"]),
            dense=DenseLayers.ask(hp),
        )


class SiameseLstm(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """Two texts, or two sequences of equally wide vectors, in; one output. One reader reads both.

    Defaults: LSTM 32, the two vectors concatenated (Deep Learning with Python, 7.1). A sigmoid over that alone adds up
    two opinions and cannot tell whether they agree: for that, ``merging`` can be "compare", or there can be dense
    layers. Texts are embedded by the larger vocabulary of the two. ``embedding_size`` is of no use to vectors.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="siamese_lstm")
        self.inputs = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        choices = Choices.ask(hp)
        read = Reader(
            max((f.vocabulary for f in self.inputs if f.vocabulary is not None), default=None),
            choices.embedding_size,
            choices.cell,
            choices.units,
            choices.recurrent_layers,
        )
        entries = [compiling.entrance(field) for field in self.inputs]
        left, right = (read(entry) for entry in entries)
        together = compared(left, right) if choices.merging == "compare" else [left, right]
        features = choices.dense(layers.Concatenate()(together))
        return compiling.compiled(entries, features, [self.output], hp, self.name)


def compared(left: Any, right: Any) -> list[Any]:
    """Both vectors, how far apart they are, and their product, element by element (Conneau et al. 2017, InferSent)."""
    apart = ops.absolute(layers.Subtract()([left, right]))
    return [left, right, apart, layers.Multiply()([left, right])]
