"""Where the user's own models may be, and under which name. Runs none of them, and imports no Keras."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from search_spaces import registry

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Candidate:
    """A file or entry point. ``source``: the file's name, or package and version.

    ``refusal`` is why it must not be loaded; its ``name`` is then one that hides nobody's.
    """

    name: str
    source: str
    where: Path | EntryPoint
    refusal: str | None = None


def offered_by_packages() -> bool:
    """Whether any installed package offers a model."""
    return bool(entry_points(group=registry.ENTRY_POINTS))


def candidates(folders: Sequence[Path]) -> list[Candidate]:
    """Every ``*.py`` file but ``_*.py``, folder by folder, then the entry points. The first of a name has it."""
    taken = dict.fromkeys(registry.FAMILIES, "a built-in search space")
    found = []
    for candidate in (*_files(folders), *_installed()):
        if not NAME.fullmatch(candidate.name):
            reason = (
                "its name must be letters, digits and . _ -, at most 128, and not begin with . _ -"
            )
        elif candidate.name in taken:
            reason = f'the name "{candidate.name}" is {taken[candidate.name]}; give it another one'
        else:
            taken[candidate.name] = f"taken by another {candidate.source}"
            found.append(candidate)
            continue
        name = _free(candidate, taken)
        taken[name] = f"taken by {candidate.source}"
        found.append(replace(candidate, name=name, refusal=f"{candidate.source}: {reason}"))
    return found


def _files(folders: Sequence[Path]) -> Iterator[Candidate]:
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        for file in sorted(folder.glob("*.py")):
            if not file.name.startswith("_"):
                yield Candidate(file.stem, file.name, file)


def _installed() -> Iterator[Candidate]:
    points = entry_points(group=registry.ENTRY_POINTS)
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        package = point.dist
        source = f"{package.name} {package.version}" if package else point.value
        yield Candidate(point.name, source, point)


def _free(candidate: Candidate, taken: Collection[str]) -> str:
    """A name to list it under, such as ``dense.py``."""
    own = (
        candidate.source
        if candidate.source.endswith(".py")
        else f"{candidate.name}.{candidate.source}"
    )
    base = re.sub(r"[^A-Za-z0-9._-]", "-", own).lstrip("._-")[:120] or "unnamed"
    name, again = base, 2
    while name in taken:
        name, again = f"{base}-{again}", again + 1
    return name
