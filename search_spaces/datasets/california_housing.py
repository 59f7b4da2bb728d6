"""House prices in California's districts in 1990, from ``keras.datasets``."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.datasets.from_keras import GOOGLE, CachedFile, KerasDataset
from search_spaces.datasets.standardise import standardised
from search_spaces.signature import Signature, number, vector

SEED = 2021
DOLLARS = np.float32(100_000)

ABOUT = KerasDataset(
    name="california_housing",
    summary="Median house value in hundreds of thousands of dollars, from eight standardised measurements of 20,640 "
    "districts.",
    source="keras.datasets.california_housing (Pace and Barry 1997, from the census of 1990)",
    signature=Signature(inputs=(vector("features", 8),), outputs=(number("value"),)),
    files=(
        CachedFile(
            "california_housing.npz",
            f"{GOOGLE}/california_housing.npz",
            "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
        ),
    ),
    training=16_512,
    test=4_128,
)


def load() -> Dataset:
    """Raises NotHere."""
    (table, values), (test_table, test_values) = ABOUT.fetch()
    rows, held = split.held_out(split.tenths(values), SEED)
    scaled = standardised(np.concatenate([table, test_table]), fitted_on=rows)
    whole = _part(scaled[: len(table)], values)
    return ABOUT.dataset(whole.at(rows), whole.at(held), _part(scaled[len(table) :], test_values))


def _part(features: Array, values: Array) -> Part:
    return Part(
        {"features": features.astype(np.float32)}, {"value": values.astype(np.float32) / DOLLARS}
    )
