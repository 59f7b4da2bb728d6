"""Texts to tokens by Keras's TextVectorization; measured without Keras, so that a server can tell the sizes."""

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.errors import BadFile

LONGEST = 500
"""Words of a text that are kept, at most."""

KEPT_WHOLE = 0.95
"""Of the training texts are no longer than what is kept, unless that is more than LONGEST."""

LARGEST_VOCABULARY = 20_000
RESERVED = 2
"""Tokens that are no word: 0 for padding, 1 for a word that the training part does not have."""

BATCH = 1024

LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
DROPPED = string.punctuation.encode() + b"\0"
"""Keras reads its words out without the NULs at their ends, and a word without one is another word."""


@dataclass(frozen=True)
class TextSize:
    """``length``: tokens a text; ``vocabulary``: different tokens, padding and unknown among them."""

    length: int
    vocabulary: int


def words(text: str) -> list[bytes]:
    """As TextVectorization does by default: lower case (of ASCII only), no punctuation, split at whitespace.

    And without NUL characters.
    """
    return text.encode().translate(LOWER, DROPPED).split()


def measured(training: Iterable[str]) -> TextSize:
    """What the texts of the training part ask for. Raises BadFile if they have no words."""
    lengths: list[int] = []
    known: set[bytes] = set()
    for text in training:
        found = words(text)
        lengths.append(len(found))
        known.update(found)
    if not known:
        raise BadFile("the training texts have no words")
    length = int(np.quantile(lengths, KEPT_WHOLE, method="inverted_cdf"))
    return TextSize(
        length=min(max(length, 1), LONGEST),
        vocabulary=min(len(known) + RESERVED, LARGEST_VOCABULARY),
    )


@dataclass(frozen=True)
class Vocabulary:
    """``words``: those that are told apart, their tokens begin at RESERVED. ``length``: tokens a text."""

    length: int
    words: tuple[str, ...]

    def tokens(self, texts: Sequence[str]) -> Array:
        """(texts, length) int32. Needs Keras, and TensorFlow whatever Keras's backend is."""
        from keras.layers import TextVectorization

        layer = TextVectorization(
            output_sequence_length=self.length,
            # Of Python's texts: NumPy's own are all as large as the longest.
            vocabulary=np.array(self.words, dtype=object),
        )
        tokens = np.zeros((len(texts), self.length), np.int32)
        for start, batch in zip(range(0, len(texts), BATCH), _batches(texts), strict=True):
            tokens[start : start + BATCH] = np.asarray(layer(batch))
        return tokens


def learned(training: Sequence[str], size: TextSize) -> Vocabulary:
    """The words of ``training``, frequent ones first; ``size`` is ``measured(training)``. Needs TensorFlow."""
    from keras.layers import TextVectorization

    layer = TextVectorization(max_tokens=size.vocabulary, output_sequence_length=size.length)
    layer.adapt(_batches(training))
    if layer.vocabulary_size() != size.vocabulary:
        raise AssertionError(
            f"Keras finds {layer.vocabulary_size()} tokens, we find {size.vocabulary}"
        )
    return Vocabulary(size.length, tuple(map(str, layer.get_vocabulary()[RESERVED:])))


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), BATCH):
        yield [text.replace("\0", "") for text in texts[start : start + BATCH]]
