"""Data that stays on its machine: files in a folder, and Python files that load what lies anywhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from search_spaces.datasets import registry
from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.files import FORMATS, Description, Limits, Told, describe
from search_spaces.datasets.files.loaded import dataset_of
from search_spaces.errors import BadFile
from search_spaces.naming import NAME, NAMES, free_name
from search_spaces.own.importing import imported, told

TOLD = ".told.json"
UNLIMITED = Limits(unpacked_bytes=2**62, members=2**62)
"""What lies on this machine already is not measured again."""


@dataclass(frozen=True)
class LocalData:
    """A data set named after its file. ``format`` is None for a Python file that defines ``load()``.

    ``refusal`` is why it cannot be used at all; its ``name`` is then one that hides nobody's.
    """

    name: str
    path: Path
    format: str | None
    refusal: str | None = None

    @property
    def source(self) -> str:
        return f"{self.path.name}, on the worker"

    def hints(self) -> Told:
        """What ``NAME.told.json`` beside the file says of it. Raises BadFile."""
        beside = self.path.with_name(f"{self.name}{TOLD}")
        if not beside.exists():
            return Told()
        try:
            return Told.said(json.loads(beside.read_text(encoding="utf-8")))
        except ValueError as error:
            raise BadFile(str(error), where=beside.name) from error

    def description(self) -> Description | None:
        """What the file holds; None of code, which is its own affair. Raises BadFile."""
        if self.format is None:
            return None
        return describe(self.path, self.format, self.hints(), UNLIMITED)

    def run(self) -> Dataset:
        """What ``load()`` of the Python file returns: a Dataset, or arrays named as in an ``.npz``. Raises BadFile."""
        load = getattr(imported(self.path), "load", None)
        if not callable(load):
            raise BadFile("defines no function load()", where=self.path.name)
        try:
            loaded = load()
        except (Exception, SystemExit) as error:  # a user's file may do anything
            where = told(error, within=self.path.resolve().parent, otherwise=self.path.name)
            raise BadFile(f"load() failed: {where}") from error
        if isinstance(loaded, Dataset):
            return replace(loaded, name=self.name)
        if not isinstance(loaded, Mapping):
            got = type(loaded).__name__
            raise BadFile(f"load() must return arrays by name, got {got}", where=self.path.name)
        return dataset_of(loaded, self.hints(), UNLIMITED, self.name, self.source)


def find_data(folders: Sequence[Path]) -> list[LocalData]:
    """The data sets of these folders. The first of a name has it, and what is built in before all."""
    taken = dict.fromkeys(registry.names(), "a built-in data set")
    found = []
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        suffix = path.suffix.lower().removeprefix(".")
        if path.name.startswith(("_", ".")) or suffix not in (*FORMATS, "py"):
            continue
        name, format = path.stem, None if suffix == "py" else suffix
        refusal = None
        if not NAME.fullmatch(name):
            refusal = f"{path.name}: {NAMES}"
        elif name in taken:
            refusal = f'{path.name}: the name "{name}" is {taken[name]}; give it another one'
        if refusal is not None:
            name = free_name(path.name, taken)
        taken[name] = f"taken by {path.name}"
        found.append(LocalData(name, path, format, refusal))
    return found
