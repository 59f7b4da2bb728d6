"""What text and sequence families are made of. Texts are (batch, length), sequences (batch, steps, features)."""

from dataclasses import dataclass
from typing import Any

from keras import layers, ops

from search_spaces.blocks import ACTIVATIONS

POOLS = {"average": layers.AveragePooling1D, "max": layers.MaxPooling1D}
GLOBAL_POOLS = {"average": layers.GlobalAveragePooling1D, "max": layers.GlobalMaxPooling1D}
CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}
PADDING = 0


@dataclass(frozen=True)
class Convolutions:
    """How a text convnet convolves and pools, whatever its shape. Short sequences get shorter kernels."""

    kernel: int
    pool_size: int
    pooling: str
    global_pooling: str
    activation: str
    batch_norm: bool

    @classmethod
    def ask(cls, hp: Any, kernel: int, global_pooling: str) -> "Convolutions":
        """By hyperparameters; ``kernel`` and ``global_pooling`` are the defaults of theirs."""
        return cls(
            kernel=hp.Int("kernel", 3, 9, step=2, default=kernel),
            pool_size=hp.Int("pool_size", 2, 5, default=5),
            pooling=hp.Choice("pooling", ["max", "average"]),
            global_pooling=hp.Choice("global_pooling", ["average", "max"], default=global_pooling),
            activation=hp.Choice("activation", ACTIVATIONS),
            batch_norm=hp.Boolean("batch_norm", default=False),
        )

    def convolve(self, steps: Any, filters: int) -> Any:
        """Without padding, so ``kernel - 1`` steps fewer; at least one is left."""
        # Keras's own initializer, Glorot's, lets every relu halve the signal: five layers on, hardly any is left.
        steps = layers.Conv1D(
            filters, min(self.kernel, steps.shape[1]), kernel_initializer="he_normal"
        )(steps)
        if self.batch_norm:
            steps = layers.BatchNormalization()(steps)
        return layers.Activation(self.activation)(steps)

    def pool(self, steps: Any) -> Any:
        """``pool_size`` times fewer steps; sequences shorter than that stay as they are."""
        fits = steps.shape[1] >= self.pool_size
        return POOLS[self.pooling](self.pool_size)(steps) if fits else steps

    def condense(self, steps: Any) -> Any:
        """One vector of all steps."""
        return GLOBAL_POOLS[self.global_pooling]()(steps)


class Reader:
    """Recurrent layers that read a text, or a sequence of vectors where ``vocabulary`` is None, into one vector.

    The layers are made once: whatever a reader reads, it reads with the same weights.
    """

    def __init__(
        self, vocabulary: int | None, embedding_size: int, cell: str, units: int, depth: int
    ) -> None:
        self.embedding = (
            None if vocabulary is None else layers.Embedding(vocabulary, embedding_size)
        )
        self.recurrent = [CELLS[cell](units, return_sequences=True) for _ in range(depth - 1)]
        # Of a text every state is wanted, to choose from; of a sequence only the last.
        self.recurrent.append(CELLS[cell](units, return_sequences=vocabulary is not None))

    def __call__(self, entry: Any) -> Any:
        states = entry if self.embedding is None else self.embedding(entry)
        for layer in self.recurrent:
            states = layer(states)
        return states if self.embedding is None else at_last_token(entry, states)


def at_last_token(text: Any, states: Any) -> Any:
    """The state (batch, units) after the last token that is not padding; after the first step of an empty text.

    This is what a mask gives for texts padded at their end. But a mask makes JAX and PyTorch leave their fast recurrent
    kernels, and TensorFlow's refuses empty texts and those padded at the front.
    """
    read = ops.cumsum(ops.cast(ops.not_equal(text, PADDING), "int32"), axis=1)
    # The count stops growing at the last token, and argmax takes the first of equals.
    last = ops.one_hot(ops.argmax(read, axis=1), text.shape[1])
    return layers.Dot(axes=1)([states, last])


@dataclass(frozen=True)
class DenseLayers:
    """Dense layers between the features and the output; none by default."""

    depth: int
    width: int | None
    activation: str | None
    batch_norm: bool | None
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "DenseLayers":
        """By hyperparameters; KerasTuner may give None for those that only exist where there are layers."""
        depth = hp.Int("dense_layers", 0, 2, default=0)
        with hp.conditional_scope("dense_layers", [1, 2]):
            width = hp.Int("dense_width", 8, 256, sampling="log", default=32)
            activation = hp.Choice("activation", ACTIVATIONS)
            batch_norm = hp.Boolean("batch_norm", default=False)
        dropout = hp.Float("dropout", 0.0, 0.5, default=0.0)
        return cls(depth, width, activation, batch_norm, dropout)

    def __call__(self, features: Any) -> Any:
        """``features`` (batch, n), with dropout on them and on every layer's."""
        features = self._dropped(features)
        for _ in range(self.depth):
            features = layers.Dense(self.width)(features)
            if self.batch_norm:
                features = layers.BatchNormalization()(features)
            features = self._dropped(layers.Activation(self.activation)(features))
        return features

    def _dropped(self, features: Any) -> Any:
        return layers.Dropout(self.dropout)(features) if self.dropout > 0 else features
