"""Where the user's own models may be, and under which name. Runs none of them, and imports no Keras."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from search_spaces import registry
from search_spaces.naming import NAME, NAMES, free_name


@dataclass(frozen=True)
class Candidate:
    """A file or entry point. ``source``: the file's name, or package and version.

    ``refusal`` is why it must not be loaded; its ``name`` is then one that hides nobody's.
    """

    name: str
    source: str
    where: Path | EntryPoint
    refusal: str | None = None


def candidates(folders: Sequence[Path]) -> list[Candidate]:
    """Every ``*.py`` file but ``_*.py``, folder by folder, then the entry points. The first of a name has it."""
    taken = dict.fromkeys(registry.FAMILIES, "a built-in search space")
    found = []
    for candidate in (*_files(folders), *_installed()):
        if not NAME.fullmatch(candidate.name):
            reason = NAMES
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
    is_file = candidate.source.endswith(".py")
    return free_name(candidate.source if is_file else f"{candidate.name}.{candidate.source}", taken)
