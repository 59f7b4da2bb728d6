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
PUNCTUATION = string.punctuation.encode()


@dataclass(frozen=True)
class TextSize:
    """``length``: tokens a text; ``vocabulary``: different tokens, padding and unknown among them."""

    length: int
    vocabulary: int


def words(text: str) -> list[bytes]:
    """As TextVectorization does by default: lower case (of ASCII only), no punctuation, split at whitespace."""
    return text.encode().translate(LOWER, PUNCTUATION).split()


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


def vectorised(training: Sequence[str], texts: Sequence[str], size: TextSize) -> Array:
    """(texts, size.length) int32 tokens of ``texts``, by the words of ``training``; frequent words have low numbers.

    ``size`` is ``measured(training)``. Needs Keras, and TensorFlow whatever Keras's backend is.
    """
    from keras.layers import TextVectorization

    layer = TextVectorization(max_tokens=size.vocabulary, output_sequence_length=size.length)
    layer.adapt(_batches(training))
    if layer.vocabulary_size() != size.vocabulary:
        raise AssertionError(
            f"Keras finds {layer.vocabulary_size()} tokens, we find {size.vocabulary}"
        )
    tokens = np.zeros((len(texts), size.length), np.int32)
    for start, batch in zip(range(0, len(texts), BATCH), _batches(texts), strict=True):
        tokens[start : start + BATCH] = np.asarray(layer(batch))
    return tokens


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), BATCH):
        yield list(texts[start : start + BATCH])
