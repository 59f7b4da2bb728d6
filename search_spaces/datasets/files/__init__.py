"""The user's own data, one file a data set: what it holds, and its arrays.

Reading a file needs NumPy, Polars and Pillow at most, so that a server can look into it; only preparing a table's
columns (``load``, and ``prediction.Inputs`` for new rows) needs Keras. Nothing is ever unpickled.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.files import extent
from search_spaces.datasets.files.description import Description, Limits, Told
from search_spaces.errors import BadFile

__all__ = ["FORMATS", "BadFile", "Description", "Limits", "Told", "describe", "load"]

FORMATS = {
    "npz": "search_spaces.datasets.files.npz",
    "csv": "search_spaces.datasets.files.tables.table",
    "parquet": "search_spaces.datasets.files.tables.table",
    "zip": "search_spaces.datasets.files.folders",
}
"""Each module has the two functions of ``Reader``."""


class Reader(Protocol):
    def describe(self, path: Path, format: str, told: Told, limits: Limits) -> Description: ...
    def load(self, path: Path, format: str, told: Told, limits: Limits, name: str) -> Dataset: ...


def describe(path: Path, format: str, told: Told, limits: Limits) -> Description:
    """What a file holds. Looks at all of it, so that what passes here can be trained on. Raises BadFile."""
    found = _reader(format).describe(path, format, told, limits)
    extent.check(found.signature)
    return found


def load(path: Path, format: str, told: Told, limits: Limits, name: str) -> Dataset:
    """The data set in a file, under this name; the same arrays every time. Raises BadFile."""
    dataset = _reader(format).load(path, format, told, limits, name)
    extent.check(dataset.signature)
    return dataset


def _reader(format: str) -> Reader:
    return cast(Reader, import_module(FORMATS[format]))
