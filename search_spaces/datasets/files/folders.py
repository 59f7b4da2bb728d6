"""A ``.zip`` of class folders, of pictures or of text files.

``cats/1.png``, ``dogs/2.png``, or the same in ``train/``, ``val/`` (or ``validation/``) and ``test/``; folders around
all that, and folders within a class, do not matter. Classes are called as their folders and sorted by name. What is
missing of validation and test is taken from the training part, seeded and stratified. Files of the system
(``__MACOSX/``, ``.DS_Store``, names with a dot in front) and files of other types are left out and counted.

**Pictures** (png, jpg, jpeg, bmp, gif, webp) become the input ``image``: grey if all are grey by type, else RGB; turned
upright; values from 0 to 1. They are resized to ``image_size``, or where they differ to the median of each side, 256 at
most.

**Texts** (txt, in UTF-8) become the input ``text``: tokens by Keras's TextVectorization, fitted on the training part;
as long as 95 of 100 training texts are, 500 at most; a vocabulary of 20,000 at most.

The output is the class, ``label``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search_spaces import signature
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.datasets.files import archives, trees
from search_spaces.datasets.files.archives import Archive
from search_spaces.datasets.files.contents import Content, Pictures, Texts
from search_spaces.datasets.files.description import SEED, Description, Limits, Told
from search_spaces.datasets.files.prediction import Inputs
from search_spaces.datasets.files.splits import PARTS, PartName, completed, notes_on
from search_spaces.datasets.files.summaries import sentence
from search_spaces.datasets.files.tables.fitted import Words
from search_spaces.datasets.files.texts import Vocabulary
from search_spaces.datasets.preview import choosing, counting, shown
from search_spaces.datasets.preview.preview import preview, sample
from search_spaces.errors import BadFile
from search_spaces.signature import Signature

LABEL = "label"


@dataclass(frozen=True)
class _Folders:
    """``labels``: of the content's examples, by part."""

    content: Content
    labels: dict[PartName, Array]
    class_names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def description(self) -> Description:
        label = signature.label(LABEL, len(self.class_names), self.class_names)
        found = Signature((self.content.field,), (label,))
        sizes: dict[str, int] = {part: len(self.labels[part]) for part in PARTS}
        return Description(sentence(found, sum(sizes.values())), found, sizes, self.notes)

    def preview(self) -> dict[str, Any]:
        labels = self.labels["train"]
        chosen = choosing.samples(labels, len(labels))
        cells = self.content.shown(chosen)
        names = [shown.plain(self.class_names[label]) for label in labels[chosen]]
        return preview(
            [
                sample({self.content.field.name: cell}, {LABEL: name})
                for cell, name in zip(cells, names, strict=True)
            ],
            self.content.spread(),
            [(LABEL, counting.classes(labels, len(self.class_names), self.class_names))],
        )

    def parts(self, arrays: Mapping[PartName, Array]) -> dict[PartName, Part]:
        name = self.content.field.name
        return {
            part: Part({name: array}, {LABEL: self.labels[part]}) for part, array in arrays.items()
        }

    def preparation(self, vocabulary: Vocabulary | None) -> dict[str, Any] | None:
        if vocabulary is None:
            return None
        name = self.content.field.name
        return Inputs(
            self.description.signature, (Words(name, vocabulary),), (LABEL,), reads="texts"
        ).to_json()


def describe(path: Path, format: str, told: Told, limits: Limits) -> Description:
    """What is in the folders; every picture and text is read. Raises BadFile."""
    with archives.opened(path, limits) as archive:
        folders = _folders(archive, told, limits)
        folders.content.verify()
        return replace(folders.description, preview=folders.preview())


def load(path: Path, format: str, told: Told, limits: Limits, name: str) -> Dataset:
    """The pictures or texts in three parts; texts need Keras. Raises BadFile."""
    with archives.opened(path, limits) as archive:
        folders = _folders(archive, told, limits)
        prepared = folders.content.prepared()
    parts = folders.parts(prepared.arrays)
    return Dataset(
        name=name,
        summary=folders.description.summary,
        source=f"{format} file",
        signature=folders.description.signature,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        preparation=folders.preparation(prepared.vocabulary),
    )


def _folders(archive: Archive, told: Told, limits: Limits) -> _Folders:
    found = trees.found(archive)
    rows = completed(found.labels, {part: len(found.labels[part]) for part in found.labels}, SEED)
    members = {
        part: [found.members[place.part][row] for row in place.rows] for part, place in rows.items()
    }
    content: Content
    if found.suffixes == trees.TEXT_SUFFIXES:
        content = Texts.measured(archive, members, limits)
    else:
        content = Pictures.measured(archive, members, told, limits)
    _check_told(told, content)
    return _Folders(
        content=content,
        labels={part: found.labels[place.part][place.rows] for part, place in rows.items()},
        class_names=found.class_names,
        notes=(*found.notes, *content.notes, *notes_on(found.labels)),
    )


def _check_told(told: Told, content: Content) -> None:
    """What is said may repeat what class folders are, and nothing else."""
    kinds = {content.field.name: content.field.kind, LABEL: "class"}
    for name, kind in told.kinds.items():
        if kinds.get(name) != kind:
            raise BadFile(
                f'"{name}" cannot be a {kind}; class folders have the input '
                f'"{content.field.name}" ({content.field.kind}) and the output "{LABEL}" (class)'
            )
    if told.target not in ((), (LABEL,)) or told.task == "regression":
        raise BadFile("the folders are classes, and what is predicted; nothing else can be")
