"""Handwritten digits: 1,797 grey pictures of 8x8 pixels (UCI, from scikit-learn's own files)."""

import numpy as np
from sklearn.datasets import load_digits

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.signature import Signature, image, label

SEED = 2021
BRIGHTEST = 16


def load() -> Dataset:
    raw = load_digits()
    images = (raw.images / BRIGHTEST).astype(np.float32)[..., np.newaxis]
    whole = Part({"image": images}, {"label": raw.target.astype(np.int32)})
    rows = split.stratified(raw.target, SEED)
    return Dataset(
        name="digits",
        summary="Handwritten digits: 1,797 grey pictures of 8x8 pixels, ten classes.",
        source="scikit-learn load_digits (UCI optical recognition of handwritten digits)",
        signature=Signature(
            inputs=(image("image", 8, 8, 1),), outputs=(label("label", classes=10),)
        ),
        **rows.parts(whole),
    )
