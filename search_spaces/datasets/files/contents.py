"""What is in class folders, pictures or texts, as the one input of a data set."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zipfile import ZipInfo

import numpy as np

from search_spaces import signature
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import memory, pictures, texts
from search_spaces.datasets.files.archives import Archive
from search_spaces.datasets.files.description import Limits, Told
from search_spaces.datasets.files.pictures import PictureSize
from search_spaces.datasets.files.splits import PARTS, PartName
from search_spaces.datasets.files.texts import TextSize, Vocabulary
from search_spaces.datasets.preview import choosing, counting, shown
from search_spaces.datasets.preview.shown import Shown
from search_spaces.errors import BadFile
from search_spaces.signature import Field

LARGEST_SIDE = 2048
"""Of the ``image_size`` that can be told."""

MOST_COUNTED = 2_000
"""Texts whose lengths a preview tells of."""

Members = Mapping[PartName, Sequence[ZipInfo]]


@dataclass(frozen=True)
class Prepared:
    """``arrays``: (n, *shape) of each part. ``vocabulary``: what was learned of texts, None of pictures."""

    arrays: dict[PartName, Array]
    vocabulary: Vocabulary | None = None


class Content(Protocol):
    @property
    def field(self) -> Field: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def verify(self) -> None:
        """Read what was not read yet. Raises BadFile, naming the member."""

    def shown(self, rows: Array) -> list[Shown]:
        """These examples of the training part, for a preview."""

    def spread(self) -> list[dict[str, Any]]:
        """Histograms of the training part, for a preview."""

    def prepared(self) -> Prepared:
        """Raises BadFile, naming the member."""


@dataclass(frozen=True)
class Pictures:
    archive: Archive
    members: Members
    size: PictureSize
    notes: tuple[str, ...]

    @classmethod
    def measured(cls, archive: Archive, members: Members, told: Told, limits: Limits) -> "Pictures":
        """Of what size they will be. Raises BadFile, naming the member whose header is not a picture's."""
        sizes = [
            pictures.measured(archive.read(member), member.filename) for member in _all(members)
        ]
        height, width = _told_size(told) or pictures.common_size(sizes)
        size = PictureSize(height, width, max(size.channels for size in sizes))
        memory.check(len(sizes) * height * width * size.channels, limits)
        others = sum((given.height, given.width) != (height, width) for given in sizes)
        notes = (f"pictures resized to {height}x{width}: {others:,}",) if others else ()
        return cls(archive, members, size, notes)

    @property
    def field(self) -> Field:
        return signature.image("image", self.size.height, self.size.width, self.size.channels)

    def verify(self) -> None:
        for member in _all(self.members):
            self._pixels(member)

    def shown(self, rows: Array) -> list[Shown]:
        return [shown.picture(self._pixels(self.members["train"][row])) for row in rows]

    def spread(self) -> list[dict[str, Any]]:
        return []

    def prepared(self) -> Prepared:
        made: dict[PartName, Array] = {}
        for part, members in self.members.items():
            made[part] = np.empty((len(members), *self.field.shape), np.float32)
            for row, member in enumerate(members):
                made[part][row] = self._pixels(member)
        return Prepared(made)

    def _pixels(self, member: ZipInfo) -> Array:
        return pictures.pixels(self.archive.read(member), self.size, member.filename)


@dataclass(frozen=True)
class Texts:
    archive: Archive
    members: Members
    size: TextSize
    notes: tuple[str, ...]

    @classmethod
    def measured(cls, archive: Archive, members: Members, limits: Limits) -> "Texts":
        """Reads all of them. Raises BadFile, naming the member that is not UTF-8."""
        size = texts.measured(_read(archive, members["train"]))
        memory.check(sum(len(part) for part in members.values()) * size.length, limits)
        empty = sum(not texts.words(text) for text in _read(archive, list(_all(members))))
        notes = (f"texts without words: {empty:,}",) if empty else ()
        return cls(archive, members, size, notes)

    @property
    def field(self) -> Field:
        return signature.tokens("text", self.size.length, self.size.vocabulary)

    def verify(self) -> None:
        """All were read to be measured."""

    def shown(self, rows: Array) -> list[Shown]:
        return [shown.text(text) for text in self._training(rows)]

    def spread(self) -> list[dict[str, Any]]:
        rows = choosing.evenly(len(self.members["train"]), MOST_COUNTED)
        lengths = np.array([len(texts.words(text)) for text in self._training(rows)])
        return [counting.histogram(self.field.name, lengths, "words")]

    def _training(self, rows: Array) -> Iterator[str]:
        return _read(self.archive, [self.members["train"][row] for row in rows])

    def prepared(self) -> Prepared:
        read = {part: list(_read(self.archive, members)) for part, members in self.members.items()}
        vocabulary = texts.learned(read["train"], self.size)
        return Prepared({part: vocabulary.tokens(read[part]) for part in PARTS}, vocabulary)


def _told_size(told: Told) -> tuple[int, int] | None:
    if told.image_size is not None and not all(
        1 <= side <= LARGEST_SIDE for side in told.image_size
    ):
        raise BadFile(
            f"image_size is {list(told.image_size)}; "
            f"allowed are [height, width] from 1 to {LARGEST_SIDE:,}"
        )
    return told.image_size


def _read(archive: Archive, members: Iterable[ZipInfo]) -> Iterator[str]:
    for member in members:
        try:
            # Some editors begin a text with a mark that is no part of it.
            yield archive.read(member).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadFile(f"is not UTF-8: {error}", member.filename) from error


def _all(members: Members) -> Iterator[ZipInfo]:
    return (member for part in PARTS for member in members[part])
