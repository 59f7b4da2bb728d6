"""Arrays that a user's own code loaded, under the names that they would have in an ``.npz`` file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.files.arrays import planned
from search_spaces.datasets.files.description import Limits, Told
from search_spaces.datasets.files.naming import laid_out
from search_spaces.datasets.files.sources import LoadedArray, check


def dataset_of(
    arrays: Mapping[str, Any], told: Told, limits: Limits, name: str, source: str
) -> Dataset:
    """The data set of these arrays, which may be lists of numbers, too. Raises BadFile."""
    loaded = {key: LoadedArray(key, np.asanyarray(values)) for key, values in arrays.items()}
    for array in loaded.values():
        check(array.name, array.shape, array.dtype)
    return planned(loaded, laid_out(loaded, told), told, limits).dataset(name, source)
