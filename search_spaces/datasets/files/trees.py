"""Class folders in an archive: which file is an example of which class and part."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import ZipInfo

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import pictures
from search_spaces.datasets.files.archives import Archive
from search_spaces.datasets.files.naming import PART_WORDS
from search_spaces.datasets.files.splits import PARTS, PartName
from search_spaces.errors import BadFile

TEXT_SUFFIXES = (".txt",)
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")
JUNK_FOLDER = "__MACOSX"
JUNK_FILES = ("Thumbs.db", "desktop.ini")

EXPECTED = (
    "expected are class folders of pictures "
    f"({', '.join(pictures.SUFFIXES)}) or of texts (.txt), such as cats/1.png, "
    "or train/cats/1.png beside val/cats/2.png and test/cats/3.png"
)


@dataclass(frozen=True)
class Examples:
    """``members`` and ``labels``, (n,) integers, by part of the file, sorted by path. All have one of ``suffixes``."""

    members: Mapping[PartName, Sequence[ZipInfo]]
    labels: Mapping[PartName, Array]
    class_names: tuple[str, ...]
    suffixes: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """``path`` begins with the part, or where there are none with the class."""

    member: ZipInfo
    path: tuple[str, ...]


def found(archive: Archive) -> Examples:
    """Raises BadFile, naming the member or folder, for what is no tree of class folders."""
    members = [member for member in archive.files if not _is_junk(member)]
    _check_folders(archive, members)
    suffixes = _suffixes(members)
    kept = [member for member in members if _ends(member, suffixes)]
    others = [member for member in members if not _ends(member, suffixes)]
    notes = []
    if junk := len(archive.files) - len(members):
        notes.append(f"hidden files left out: {junk:,}")
    if others:
        notes.append(
            f"files of other types left out: {len(others):,}, such as {others[0].filename}"
        )
    by_part = _by_part(_without_wrapper(kept))
    class_names = tuple(sorted({file.path[0] for file in by_part["train"]}))
    if len(class_names) == 1:
        raise BadFile(f'all examples are of one class, "{class_names[0]}"; {EXPECTED}')
    return Examples(
        members={part: [file.member for file in files] for part, files in by_part.items()},
        labels={part: _labels(files, class_names) for part, files in by_part.items()},
        class_names=class_names,
        suffixes=suffixes,
        notes=tuple(notes),
    )


def _is_junk(member: ZipInfo) -> bool:
    path = _path(member)
    hidden = any(name.startswith(".") for name in path)
    return hidden or JUNK_FOLDER in path or path[-1] in JUNK_FILES


def _check_folders(archive: Archive, members: Iterable[ZipInfo]) -> None:
    filled = {
        str(folder) for member in members for folder in PurePosixPath(member.filename).parents
    }
    for folder in archive.folders:
        path = PurePosixPath(folder)
        hidden = any(name.startswith(".") for name in path.parts) or JUNK_FOLDER in path.parts
        if str(path) not in filled and not hidden:
            raise BadFile("is an empty folder", folder)


def _suffixes(members: Sequence[ZipInfo]) -> tuple[str, ...]:
    """Of what the examples are, of pictures or of texts."""
    if archive := next((member for member in members if _ends(member, ARCHIVE_SUFFIXES)), None):
        raise BadFile("is an archive in the archive; put what is in it here", archive.filename)
    shown = [member for member in members if _ends(member, pictures.SUFFIXES)]
    written = [member for member in members if _ends(member, TEXT_SUFFIXES)]
    if not shown and not written:
        raise BadFile(f"holds neither pictures nor texts; {EXPECTED}")
    if not shown:
        return TEXT_SUFFIXES
    # A text above the class folders is a README.
    depth = min(len(_path(member)) for member in shown)
    if mixed := next((member for member in written if len(_path(member)) >= depth), None):
        raise BadFile(f"is a text, {shown[0].filename} is a picture; {EXPECTED}", mixed.filename)
    return pictures.SUFFIXES


def _without_wrapper(members: Iterable[ZipInfo]) -> list[_File]:
    """Paths without the folders that are around everything."""
    files = [_File(member, _path(member)) for member in members]
    while _is_wrapped(files):
        files = [_File(file.member, file.path[1:]) for file in files]
    return sorted(files, key=lambda file: file.path)


def _is_wrapped(files: Sequence[_File]) -> bool:
    first = {file.path[0] for file in files}
    return (
        len(first) == 1
        and first.pop().lower() not in PART_WORDS
        and any(len(file.path) >= 3 for file in files)
        and all(len(file.path) >= 2 for file in files)
    )


def _by_part(files: Sequence[_File]) -> dict[PartName, list[_File]]:
    """The files of each part, their paths from the class on; all of them as "train" where there are no parts."""
    top = sorted({file.path[0] for file in files if len(file.path) > 1})
    parts = [folder for folder in top if folder.lower() in PART_WORDS]
    if not parts:
        return {"train": [_in_class(file) for file in files]}
    if others := [folder for folder in top if folder not in parts]:
        raise BadFile(f'is a part, and "{others[0]}" beside it is none; {EXPECTED}', f"{parts[0]}/")
    by_part: dict[PartName, list[_File]] = {}
    for file in files:
        if len(file.path) < 2:
            raise BadFile(f"is outside the class folders; {EXPECTED}", file.member.filename)
        part = PART_WORDS[file.path[0].lower()]
        by_part.setdefault(part, []).append(_in_class(_File(file.member, file.path[1:])))
    if "train" not in by_part:
        raise BadFile(f"there is no training part; found: {', '.join(parts)}; {EXPECTED}")
    return {part: by_part[part] for part in PARTS if part in by_part}


def _in_class(file: _File) -> _File:
    if len(file.path) < 2:
        raise BadFile(f"is outside the class folders; {EXPECTED}", file.member.filename)
    return file


def _labels(files: Sequence[_File], class_names: Sequence[str]) -> Array:
    numbers = {name: number for number, name in enumerate(class_names)}
    for file in files:
        if file.path[0] not in numbers:
            raise BadFile(
                f'its class "{file.path[0]}" is not in the training part', file.member.filename
            )
    return np.asarray([numbers[file.path[0]] for file in files], np.int32)


def _path(member: ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(member.filename).parts


def _ends(member: ZipInfo, suffixes: tuple[str, ...]) -> bool:
    return member.filename.lower().endswith(suffixes)
