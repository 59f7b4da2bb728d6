"""The names of the arrays in a file: which are inputs, which are outputs, and of which part.

``x`` and ``y``, or ``x_NAME`` and ``y_NAME`` where there are several, or plain names, of which ``target`` names the
outputs; a lone plain ``label``, ``labels``, ``target`` or ``targets`` needs no naming. Each may end in ``_train``,
``_val``, ``_validation`` or ``_test``, or begin with ``train_`` and so on. The case of ``x``, ``y`` and the parts does
not matter.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from search_spaces.datasets.files.description import Told
from search_spaces.datasets.files.splits import PartName
from search_spaces.errors import BadFile

PART_WORDS: Mapping[str, PartName] = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}
_WORDS = "|".join(PART_WORDS)
SUFFIXED = re.compile(rf"(?P<stem>.+)_(?P<part>{_WORDS})", re.IGNORECASE)
PREFIXED = re.compile(rf"(?P<part>{_WORDS})_(?P<stem>.+)", re.IGNORECASE)
SIDED = re.compile(r"(?P<side>[xy])(_(?P<name>.+))?", re.IGNORECASE)
FIELD_NAME = re.compile(r"\w[\w.-]*")
TARGET_WORDS = {"label", "labels", "target", "targets"}

ALLOWED = (
    "allowed are x and y, or x_NAME and y_NAME, or plain names of which the target names those to predict; "
    "each may end in _train, _val or _test"
)

Side = Literal["input", "output"]


@dataclass(frozen=True)
class Layout:
    """Names of arrays by field and part; the fields in the order of the file, outputs in the order of the target.

    All fields have the same parts, "train" among them; a file without parts has that one alone.
    """

    inputs: Mapping[str, Mapping[PartName, str]]
    outputs: Mapping[str, Mapping[PartName, str]]


@dataclass(frozen=True)
class _Name:
    array: str
    stem: str
    part: PartName | None

    @classmethod
    def of(cls, array: str) -> "_Name":
        found = SUFFIXED.fullmatch(array) or PREFIXED.fullmatch(array)
        if found is None:
            return cls(array, array, None)
        return cls(array, found["stem"], PART_WORDS[found["part"].lower()])

    @property
    def side(self) -> Side | None:
        if (found := SIDED.fullmatch(self.stem)) is None:
            return None
        return "input" if found["side"] in "xX" else "output"

    @property
    def field(self) -> str:
        """The stem without the side, or the side where that is all."""
        found = SIDED.fullmatch(self.stem)
        return self.stem if found is None else found["name"] or found["side"].lower()


def laid_out(arrays: Iterable[str], told: Told) -> Layout:
    """Raises BadFile, with the names found and those allowed, where the names do not tell."""
    names = [_Name.of(array) for array in arrays]
    if not names:
        raise BadFile(f"holds no arrays; {ALLOWED}")
    outputs = _outputs(names, told)
    fields: dict[str, dict[PartName, str]] = {}
    sides: dict[str, Side | None] = {}
    for name in names:
        if not FIELD_NAME.fullmatch(name.field):
            raise _unclear(f'"{name.array}" has more than letters, digits, _, . and -', names)
        parts = fields.setdefault(name.field, {})
        part = name.part or "train"
        other = next(iter(parts.values()), name.array)
        if sides.setdefault(name.field, name.side) != name.side or part in parts:
            raise _unclear(f'"{other}" and "{name.array}" are both called "{name.field}"', names)
        parts[part] = name.array
    _check_parts(names, fields)
    inputs = {field: parts for field, parts in fields.items() if field not in outputs}
    if not inputs:
        raise _unclear("no array is an input", names)
    return Layout(inputs, {field: fields[field] for field in outputs})


def _outputs(names: list[_Name], told: Told) -> list[str]:
    fields = [name.field for name in names]
    if told.target:
        by_stem = {name.stem: name.field for name in names}
        wanted = [by_stem.get(target, target) for target in told.target]
        for target in wanted:
            if target not in fields:
                raise _unclear(f'there is no array for the target "{target}"', names)
        for name in names:
            if name.side == "output" and name.field not in wanted:
                raise _unclear(f'"{name.array}" is not in the target, and no input', names)
        return list(dict.fromkeys(wanted))
    sided = [name.field for name in names if name.side == "output"]
    plain = [name.field for name in names if name.side is None]
    guessed = [field for field in dict.fromkeys(plain) if field.lower() in TARGET_WORDS]
    found = list(dict.fromkeys(sided)) or (guessed if len(guessed) == 1 else [])
    if not found:
        raise _unclear("no array is the target", names)
    return found


def _check_parts(names: list[_Name], fields: Mapping[str, Mapping[PartName, str]]) -> None:
    if (unnamed := next((name for name in names if name.part is None), None)) and any(
        name.part for name in names
    ):
        raise _unclear(f'"{unnamed.array}" is of no part, others are', names)
    wanted = {part: field for field, parts in fields.items() for part in parts}
    if "train" not in wanted:
        raise _unclear("there is no training part", names)
    for field, parts in fields.items():
        for part, other in wanted.items():
            if part not in parts:
                raise _unclear(f'"{fields[other][part]}" has no "{field}" of the same part', names)


def _unclear(reason: str, names: list[_Name]) -> BadFile:
    found = ", ".join(name.array for name in names[:20]) + (", …" if len(names) > 20 else "")
    return BadFile(f"{reason}; found: {found}; {ALLOWED}")
