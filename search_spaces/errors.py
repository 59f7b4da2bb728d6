"""What can go wrong between a family, its parameters and its data.

SearchSpaceError
├── UnknownFamily       no family of that name
├── BrokenFamily        the user's own model of that name does not import
├── UnknownDataset      no data set of that name
├── NotHere             the data set's file is not on this machine
├── BadFile             a user's data file cannot be used
├── Misfit              the family cannot take this data
├── Untrainable         one batch of the data does not go through the model (preflight)
├── WeightsNotHere      the file of a pretrained base is not on this machine (pretrained)
├── UnfitWeights        that file is of another model (pretrained)
├── UnknownParameter    the model has no such parameter, or not in this branch
├── ValueNotAllowed     the parameter has no such value
└── Undiscoverable      the space of a hypermodel cannot be written down
    ├── BranchBroken        a build raised
    ├── ConflictingRanges   one name, two ranges
    ├── TangledCondition    no list of parent values says when a parameter exists
    └── SpaceTooDeep        too many builds needed
"""

import json
from collections.abc import Iterable, Mapping


class SearchSpaceError(Exception):
    """Base of everything that this package raises on purpose."""


class UnknownFamily(SearchSpaceError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'unknown search space "{name}"; known: {_listed(known)}')
        self.name = name


class BrokenFamily(SearchSpaceError):
    def __init__(self, name: str, error: str) -> None:
        super().__init__(f'search space "{name}" is broken: {error}')
        self.name = name


class UnknownDataset(SearchSpaceError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'unknown dataset "{name}"; known: {_listed(known)}')
        self.name = name


class NotHere(SearchSpaceError):
    """``files``: what the user can put into ``folder`` on this machine; ``reason``: why it could not be fetched."""

    def __init__(self, name: str, files: str, folder: str, reason: str) -> None:
        super().__init__(
            f'dataset "{name}" is not here and could not be fetched ({reason}); '
            f"put {files} into {folder}"
        )
        self.name = name
        self.folder = folder


class BadFile(SearchSpaceError):
    """``where``: the member, row or column that is wrong, as the user knows it; None if it is the whole file."""

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message if where is None else f"{where}: {message}")
        self.where = where


class Misfit(SearchSpaceError):
    def __init__(self, family: str, wants: str, has: str) -> None:
        super().__init__(f'search space "{family}" takes {wants}; the data has {has}')
        self.family = family


class UnknownParameter(SearchSpaceError):
    def __init__(self, names: Iterable[str], active: Iterable[str]) -> None:
        self.names = tuple(names)
        word = "parameter" if len(self.names) == 1 else "parameters"
        quoted = ", ".join(f'"{name}"' for name in self.names)
        super().__init__(f"unknown {word} {quoted}; this model has: {_listed(active)}")


class ValueNotAllowed(SearchSpaceError):
    def __init__(self, name: str, got: object, allowed: str) -> None:
        super().__init__(f'parameter "{name}" got {_shown(got)}; allowed: {allowed}')
        self.name = name
        self.got = got


class Undiscoverable(SearchSpaceError):
    """Base of the reasons why a hypermodel's parameters cannot be written down."""


class BranchBroken(Undiscoverable):
    def __init__(self, values: Mapping[str, object], reason: BaseException) -> None:
        branch = ", ".join(f"{name} = {_shown(value)}" for name, value in values.items())
        where = f"with {branch}" if branch else "with the defaults"
        super().__init__(f"building the model {where} failed: {type(reason).__name__}: {reason}")
        self.values = dict(values)


class ConflictingRanges(Undiscoverable):
    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(
            f'parameter "{name}" has two ranges: {first} and {second}; give each its own name'
        )
        self.name = name


class TangledCondition(Undiscoverable):
    def __init__(self, name: str, values: Mapping[str, object]) -> None:
        super().__init__(
            f'parameter "{name}" exists under conditions that no list of parent values can say '
            f"(seen with {json.dumps(dict(values))}); declare it always, or in a conditional_scope"
        )
        self.name = name


class SpaceTooDeep(Undiscoverable):
    def __init__(self, builds: int, found: int, parameter: str) -> None:
        super().__init__(
            f'{builds} builds found {found} parameters and did not get to the end at "{parameter}"; '
            "use fewer branches, or fewer values in what decides about them"
        )
        self.builds = builds
        self.found = found
        self.parameter = parameter


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _shown(value: object) -> str:
    return json.dumps(value, default=repr)
