"""How texts of ``keras.datasets``, lists of word numbers, become a data set."""

from importlib import import_module

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.from_keras import Examples, KerasDataset

SEED = 2021


def load_texts(about: KerasDataset) -> Dataset:
    """The most frequent words, 2 for any other, 1 to begin with; of a long text its end, before a short one zeros.

    That is Keras's own way with them. Raises NotHere.
    """
    (text,) = about.signature.inputs
    training, test = about.fetch(num_words=text.vocabulary)
    (length,) = text.shape
    rows, held = split.held_out(training[1], SEED)
    whole = _part(training, length)
    return about.dataset(whole.at(rows), whole.at(held), _part(test, length))


def _part(examples: Examples, length: int) -> Part:
    # Not imported above: who only asks what there is needs no Keras.
    pad_sequences = import_module("keras.utils").pad_sequences
    texts, labels = examples
    return Part(
        {"text": pad_sequences(texts, maxlen=length, dtype="int32")},
        {"label": labels.astype(np.int32)},
    )
