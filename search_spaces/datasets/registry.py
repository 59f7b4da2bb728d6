"""The data sets by name."""

from importlib import import_module

from search_spaces.datasets.dataset import Dataset
from search_spaces.errors import UnknownDataset

MODULES = {
    "breast_cancer": "search_spaces.datasets.breast_cancer",
    "digits": "search_spaces.datasets.digits",
}
"""Each module has a ``load()`` without arguments."""


def names() -> list[str]:
    return sorted(MODULES)


def load(name: str) -> Dataset:
    """The data set, the same arrays every time. Raises UnknownDataset."""
    if name not in MODULES:
        raise UnknownDataset(name, MODULES)
    dataset: Dataset = import_module(MODULES[name]).load()
    return dataset
