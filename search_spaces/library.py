"""All that a machine can train: what is built in, and the models and data of its user."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import keras

from search_spaces import datasets, registry
from search_spaces.datasets import Dataset, files, stored
from search_spaces.datasets.cache import Cache
from search_spaces.datasets.local import UNLIMITED, LocalData, find_data
from search_spaces.datasets.preview import of_dataset
from search_spaces.errors import BadFile, BrokenFamily, UnknownDataset, UnknownFamily
from search_spaces.own import models
from search_spaces.own.files import Candidate, candidates
from search_spaces.signature import Signature

log = logging.getLogger(__name__)

Entry = dict[str, Any]

MADE_BY = "3"
"""Part of the name of everything prepared: another number makes all of it anew after a change in how it is prepared."""


class Library:
    """Families and data sets by name. What is built in goes before what a folder brings."""

    def __init__(self, models: Sequence[Path], data: Sequence[Path], cache: Cache) -> None:
        self._models = models
        self._data = data
        self._cache = cache
        # A slot mostly stays with one study; two, so that two studies taking turns don't load at every turn.
        self._loaded = lru_cache(maxsize=2)(self._load)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Library":
        """As ``TUNER_SEARCH_SPACES``, ``TUNER_DATASETS``, ``TUNER_CACHE`` and ``TUNER_CACHE_BYTES`` say."""
        return cls(
            _folders(environment["TUNER_SEARCH_SPACES"]),
            _folders(environment["TUNER_DATASETS"]),
            Cache(Path(environment["TUNER_CACHE"]) / "data", int(environment["TUNER_CACHE_BYTES"])),
        )

    def hypermodel(self, name: str, signature: Signature) -> Any:
        """A family's ``keras_tuner.HyperModel`` for such data, to be built at once.

        Raises UnknownFamily, Misfit, BrokenFamily.
        """
        for field in (*signature.inputs, *signature.outputs):
            # A layer without a name must not be given one that belongs to the data: "dense", say, for a column.
            keras.backend.get_uid(field.name)
        if name in registry.FAMILIES:
            return registry.build(name, signature)
        match models.look_up(name, self._models):
            case models.Own() as own:
                return own.hypermodel(signature)
            case models.Broken(error=error):
                raise BrokenFamily(name, error)
            case None:
                raise UnknownFamily(name, registry.FAMILIES)

    def dataset(self, name: str) -> Dataset:
        """A data set by name. Raises UnknownDataset, NotHere, BadFile."""
        return self._loaded(name)

    def uploaded(self, entry: Mapping[str, Any], file: Path) -> Dataset:
        """The data set in an uploaded file, as the catalogue's entry describes it. Raises BadFile."""
        upload = entry["upload"]
        told = files.Told.from_json(upload["told"])
        expected = Signature.from_json(entry)
        # With what the server read in it: what another version prepared is not taken for it.
        identity = f"{entry['sha256']} {expected.to_json()}"
        dataset = self._prepared(entry["name"], file, upload["format"], told, identity)
        if dataset.signature != expected:
            raise BadFile(
                f'dataset "{dataset.name}" is read differently here than by the server: '
                f"{dataset.signature.to_json()}; is this worker of the server's version?"
            )
        return dataset

    def brought(self) -> Iterator[tuple[str, str, Callable[[], Entry]]]:
        """The user's own: kind, name, and what makes the catalogue's entry. Only that runs anything of theirs."""
        for candidate in candidates(self._models):
            yield "search_spaces", candidate.name, partial(self._described_model, candidate)
        for local in find_data(self._data):
            yield "datasets", local.name, partial(self._described, local)

    def _load(self, name: str) -> Dataset:
        if name in datasets.FETCHED:
            return self._kept(f"{name}-{MADE_BY}", lambda: datasets.load(name))
        if name in datasets.names():
            return datasets.load(name)
        found = {local.name: local for local in find_data(self._data)}
        if name not in found:
            raise UnknownDataset(name, [*datasets.names(), *found])
        local = found[name]
        if local.refusal is not None:
            raise BadFile(local.refusal)
        if local.format is None:
            return local.run()
        return self._prepared(name, local.path, local.format, local.hints(), _identity(local.path))

    def _described_model(self, candidate: Candidate) -> Entry:
        return models.described(models.opened(candidate))

    def _described(self, local: LocalData) -> Entry:
        try:
            dataset = self._load(local.name)
        except Exception as error:  # it may be anybody's code
            problem = (
                str(error) if isinstance(error, BadFile) else f"{type(error).__name__}: {error}"
            )
            return {
                "name": local.name,
                "status": "broken",
                "error": problem,
                "source": local.source,
            }
        about = local.description()
        return {
            **dataset.to_json(),
            "source": local.source,
            "status": "ready",
            "notes": [] if about is None else list(about.notes),
            "preview": _look_at(dataset) if about is None else about.preview,
        }

    def _prepared(
        self,
        name: str,
        file: Path,
        format: str,
        told: files.Told,
        identity: str,
    ) -> Dataset:
        """The arrays of a file, made once on this machine and memory-mapped from then on."""
        about = json.dumps([MADE_BY, name, format, told.to_json(), identity], sort_keys=True)
        key = hashlib.sha256(about.encode()).hexdigest()
        return self._kept(key, lambda: files.load(file, format, told, UNLIMITED, name))

    def _kept(self, key: str, make: Callable[[], Dataset]) -> Dataset:
        def write(folder: Path) -> None:
            made = make()
            folder.mkdir()
            stored.save(made, folder)

        return stored.open_stored(self._cache.get(key, write))


def _look_at(dataset: Dataset) -> Entry | None:
    """A preview of what a user's code loaded; None where that is nothing to look at."""
    try:
        return of_dataset(dataset)
    except Exception as error:  # nobody promised what is in these arrays
        log.warning("no preview of %s: %s: %s", dataset.name, type(error).__name__, error)
        return None


def _identity(file: Path) -> str:
    """What tells a file from any other, and from itself after a change."""
    about = file.stat()
    return f"{file.absolute()} {about.st_size} {about.st_mtime_ns}"


def _folders(text: str) -> list[Path]:
    return [Path(part) for part in text.split(os.pathsep) if part]
