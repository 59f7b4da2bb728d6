"""How pictures of ``keras.datasets`` become a data set."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.datasets.from_keras import Examples, KerasDataset

SEED = 2021
BRIGHTEST = np.float32(255)


def load_pictures(about: KerasDataset) -> Dataset:
    """Bytes to 0 … 1. Raises NotHere."""
    training, test = about.fetch()
    rows, held = split.held_out(_labels(training), SEED)
    whole = _part(training)
    return about.dataset(whole.at(rows), whole.at(held), _part(test))


def _part(examples: Examples) -> Part:
    pictures = examples[0].astype(np.float32) / BRIGHTEST
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    return Part({"image": pictures}, {"label": _labels(examples)})


def _labels(examples: Examples) -> Array:
    return examples[1].reshape(-1).astype(np.int32)
