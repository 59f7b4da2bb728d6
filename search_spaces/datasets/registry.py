"""The data sets by name."""

from importlib import import_module
from typing import Any

from search_spaces.datasets.dataset import Dataset
from search_spaces.errors import UnknownDataset

FETCHED = (
    "california_housing",
    "cifar10",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)
"""Those whose files ``keras.datasets`` has to fetch. Their modules have an ``ABOUT``, a KerasDataset."""

MODULES = {
    name: f"search_spaces.datasets.{name}"
    for name in (
        "breast_cancer",
        "diabetes",
        "digits",
        "iris",
        "made_cameras",
        "made_pairs",
        "made_posts",
        "made_reviews",
        "made_shapes",
        "made_stories",
        "wine",
        *FETCHED,
    )
}
"""Each module has a ``load()`` without arguments."""


def names() -> list[str]:
    return sorted(MODULES)


def load(name: str) -> Dataset:
    """The data set, the same arrays every time. Raises UnknownDataset, NotHere."""
    dataset: Dataset = _module(name).load()
    return dataset


def describe(name: str) -> dict[str, Any]:
    """The catalogue's entry, the same on every machine: loads what needs no fetching. Raises UnknownDataset."""
    if name in FETCHED:
        entry: dict[str, Any] = _module(name).ABOUT.describe()
        return entry
    return load(name).to_json()


def missing(name: str) -> str | None:
    """Why the data set cannot be loaded on this machine now, None if it can. Raises UnknownDataset.

    Imports no Keras, and may take some seconds to find out that there is no network.
    """
    if name in FETCHED:
        problem: str | None = _module(name).ABOUT.missing()
        return problem
    if name not in MODULES:
        raise UnknownDataset(name, MODULES)
    return None


def _module(name: str) -> Any:
    if name not in MODULES:
        raise UnknownDataset(name, MODULES)
    return import_module(MODULES[name])
