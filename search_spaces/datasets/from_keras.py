"""Data sets that ``keras.datasets`` fetches: what is known of them before they are here, and how they get here.

Nothing here imports Keras before a data set is loaded.
"""

import contextlib
import hashlib
import io
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.errors import NotHere
from search_spaces.signature import Signature

GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
HEAD_SECONDS = 3.0

Examples = tuple[Array, Array]
"""Inputs and labels, as Keras gives them."""


@dataclass(frozen=True)
class CachedFile:
    """A file under the name that Keras caches it by. ``sha256``: what Keras insists on, None if it takes any."""

    name: str
    url: str
    sha256: str | None = None

    def is_in(self, folder: Path) -> bool:
        try:
            with (folder / self.name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest() if self.sha256 else None
        except OSError:
            return False
        return found == self.sha256

    def __str__(self) -> str:
        checked = (
            f"; Keras fetches it anew if its sha256 is not {self.sha256}" if self.sha256 else ""
        )
        return f"{self.name} ({self.url}{checked})"


@dataclass(frozen=True)
class KerasDataset:
    """A data set of ``keras.datasets``, under Keras's name, as Keras 3.15 fetches it.

    ``subfolder``: of Keras's folder, where the files are cached. ``training`` and ``test``: how many examples they
    have; validation is held out of the training part.
    """

    name: str
    summary: str
    source: str
    signature: Signature
    files: tuple[CachedFile, ...]
    training: int
    test: int
    subfolder: str = "datasets"

    def describe(self) -> dict[str, Any]:
        """The catalogue's entry, for machines that do not have the files."""
        validation = split.held_out_size(self.training)
        hosts = ", ".join(sorted({_host(file.url) for file in self.files}))
        return {
            "name": self.name,
            "summary": self.summary,
            **self.signature.to_json(),
            "sizes": {
                "train": self.training - validation,
                "validation": validation,
                "test": self.test,
            },
            # Over the arrays, as everywhere, and so not known before they are.
            # Of the file, as of an upload; of several, or where Keras insists on none, nobody knows it beforehand.
            "sha256": self.files[0].sha256 if len(self.files) == 1 else None,
            "source": self.source,
            "status": "not here",
            "error": f"no worker has it or can fetch it from {hosts}: put {self._wanted} "
            f"into ~/.keras/{self.subfolder} of a worker, $KERAS_HOME/{self.subfolder} where that is set",
        }

    def missing(self) -> str | None:
        """Why it can't be loaded on this machine now; None if it can. May ask the network, once a host."""
        reason = self._unavailable()
        return None if reason is None else str(self._not_here(reason))

    def fetch(self, **options: Any) -> tuple[Examples, Examples]:
        """The training and the test examples; ``options`` are those of Keras's ``load_data``. Raises NotHere."""
        # Asked first: where there is no network, Keras would delete a file whose hash is not the one it knows.
        if (reason := self._unavailable()) is not None:
            raise self._not_here(reason)
        load_data = import_module(f"keras.datasets.{self.name}").load_data
        try:
            # Keras draws its progress on the standard output, which belongs to whoever called.
            with contextlib.redirect_stdout(io.StringIO()):
                training, test = load_data(**options)
        except MemoryError:
            raise
        except Exception as error:  # Keras raises a bare Exception for whatever befalls a download
            raise self._not_here(f"{type(error).__name__}: {error}") from error
        return training, test

    def dataset(self, train: Part, validation: Part, test: Part) -> Dataset:
        return Dataset(
            self.name, self.summary, self.source, self.signature, train, validation, test
        )

    @property
    def _folder(self) -> Path:
        return keras_folder() / self.subfolder

    @property
    def _wanted(self) -> str:
        return " and ".join(str(file) for file in self.files)

    def _unavailable(self) -> str | None:
        absent = [file for file in self.files if not file.is_in(self._folder)]
        for file in absent:
            if not reachable(_host(file.url)):
                return f"{_host(file.url)} cannot be reached"
        return None

    def _not_here(self, reason: str) -> NotHere:
        return NotHere(self.name, self._wanted, str(self._folder), reason)


def keras_folder() -> Path:
    """Where Keras keeps its files, found as Keras finds it."""
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    above = folder if folder.exists() else folder.parent
    if os.access(above, os.W_OK):
        return folder
    return (Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())) / ".keras"


@cache
def reachable(host: str) -> bool:
    """Whether this machine gets any answer from ``host``, through its proxy if it has one. Asked once a process."""
    question = urllib.request.Request(f"https://{host}/", method="HEAD")
    try:
        with urllib.request.urlopen(question, timeout=HEAD_SECONDS):
            return True
    except urllib.error.HTTPError as answer:
        answer.close()
        return True
    except (OSError, HTTPException):
        return False


def _host(url: str) -> str:
    return urlsplit(url).netloc
