"""An input from named arrays: what kind it is, and its values as a model takes them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from search_spaces import signature
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.description import Told
from search_spaces.datasets.files.sources import SourceArray
from search_spaces.datasets.files.splits import PartName
from search_spaces.errors import BadFile
from search_spaces.signature import INPUT_KINDS, Field, Kind

LARGEST_VOCABULARY = 1_000_000
CHANNELS = (1, 3, 4)
UNSCALED = 100
"""Vectors and sequences with values beyond this are used as they are, but their user is told."""

SCANNED_BYTES = 2**24
"""Looked at together."""

SHAPES: Mapping[Kind, str] = {
    "vector": "(n,) or (n, features)",
    "image": "(n, height, width) or (n, height, width, channels)",
    "tokens": "(n, length)",
    "sequence": "(n, steps, features)",
}
AXES: Mapping[Kind, tuple[int, ...]] = {
    "vector": (1, 2),
    "image": (3, 4),
    "tokens": (2,),
    "sequence": (3,),
}


@dataclass(frozen=True)
class Facts:
    """Of all values of an input."""

    least: float
    most: float
    whole: bool

    def __or__(self, other: "Facts") -> "Facts":
        return Facts(
            min(self.least, other.least), max(self.most, other.most), self.whole and other.whole
        )


@dataclass(frozen=True)
class Input:
    """``arrays``: by part of the file. Their values are divided by ``divisor``."""

    field: Field
    arrays: Mapping[PartName, SourceArray]
    divisor: float
    notes: tuple[str, ...]

    def values(self, raw: Array) -> Array:
        """(n, *shape) in the field's type, in C order, of rows of one of the arrays."""
        values = np.array(raw, dtype=self.field.dtype, order="C")
        if self.divisor != 1:
            values /= np.float32(self.divisor)
        return values.reshape(len(raw), *self.field.shape)


def inferred(name: str, arrays: Mapping[PartName, SourceArray], told: Told) -> Input:
    """The input in these arrays, one for each part of the file. Raises BadFile."""
    first = arrays["train"]
    for array in arrays.values():
        if array.dtype.kind in "US":
            raise BadFile(
                "holds texts; texts come in a .csv, .parquet or .zip file, or as arrays of tokens "
                "(whole numbers, 0 for padding)",
                array.name,
            )
        if array.shape[1:] != first.shape[1:]:
            raise BadFile(
                f"has examples of shape {array.shape[1:]}, {first.name} of {first.shape[1:]}",
                array.name,
            )
    facts = _facts(arrays)
    kind = _told_kind(name, first, told) or _kind(first, facts)
    if kind == "tokens":
        return _tokens(name, arrays, facts, told)
    if kind == "image":
        return _image(name, arrays, facts)
    return _measurements(name, kind, arrays, facts)


def _told_kind(name: str, array: SourceArray, told: Told) -> Kind | None:
    kind = told.kinds.get(name)
    if kind is None:
        return None
    if kind not in INPUT_KINDS:
        raise BadFile(
            f"is an input and cannot be a {kind}; allowed: {', '.join(INPUT_KINDS)}", array.name
        )
    if len(array.shape) not in AXES[kind]:
        raise BadFile(f"has shape {array.shape}, {kind} has {SHAPES[kind]}", array.name)
    return kind


def _kind(array: SourceArray, facts: Facts) -> Kind:
    match len(array.shape):
        case 1:
            return "vector"
        case 2:
            # Bytes are pixels more often than tokens.
            tokens = array.dtype.kind in "iu" and array.dtype != np.uint8
            return (
                "tokens"
                if tokens and 0 <= facts.least <= facts.most < LARGEST_VOCABULARY
                else "vector"
            )
        case 3:
            return "image" if array.dtype == np.uint8 else "sequence"
        case _:
            return "image"


def _tokens(name: str, arrays: Mapping[PartName, SourceArray], facts: Facts, told: Told) -> Input:
    first = arrays["train"]
    if not (facts.whole and 0 <= facts.least <= facts.most < LARGEST_VOCABULARY):
        raise BadFile(
            f"tokens are whole numbers from 0 to {LARGEST_VOCABULARY - 1:,}; "
            f"its values go from {facts.least:g} to {facts.most:g}"
            + ("" if facts.whole else " and are not whole"),
            first.name,
        )
    field = signature.tokens(name, first.shape[1], int(facts.most) + 1)
    notes = (
        ()
        if name in told.kinds
        else (
            f'{name}: whole numbers, taken as tokens; say kind "vector" if they measure something',
        )
    )
    return Input(field, arrays, 1.0, notes)


def _image(name: str, arrays: Mapping[PartName, SourceArray], facts: Facts) -> Input:
    first = arrays["train"]
    shape = first.shape[1:] if len(first.shape) == 4 else (*first.shape[1:], 1)
    if shape[0] in CHANNELS and shape[2] not in CHANNELS:
        raise BadFile(
            f"has shape {first.shape}, with the channels first; they come last: np.moveaxis(x, 1, -1)",
            first.name,
        )
    divisor = _brightest(facts)
    notes = []
    if divisor != 1 and first.dtype != np.uint8:
        notes.append(
            f"{name}: values from {facts.least:g} to {facts.most:g}, divided by {divisor:g}"
        )
    elif divisor == 1 and (facts.least < 0 or facts.most > 1):
        notes.append(f"{name}: values from {facts.least:g} to {facts.most:g}, used as they are")
    return Input(signature.image(name, *shape), arrays, divisor, tuple(notes))


def _brightest(facts: Facts) -> float:
    """What pixels are divided by, so that they go from 0 to 1; 1 where the values are no brightness."""
    if facts.least < 0 or facts.most <= 1:
        return 1.0
    if facts.most <= 255:
        return 255.0
    return 65535.0 if facts.whole and facts.most <= 65535 else 1.0


def _measurements(
    name: str, kind: Kind, arrays: Mapping[PartName, SourceArray], facts: Facts
) -> Input:
    first = arrays["train"]
    if kind == "vector":
        field = signature.vector(name, first.shape[1] if len(first.shape) == 2 else 1)
    else:
        field = signature.sequence(name, *first.shape[1:])
    if all(array.dtype == np.uint8 for array in arrays.values()) and facts.most > 1:
        return Input(field, arrays, 255.0, (f"{name}: bytes, divided by 255",))
    notes = []
    if max(-facts.least, facts.most) > UNSCALED:
        notes.append(
            f"{name}: values from {facts.least:g} to {facts.most:g}, used as they are; "
            "models learn better from values around -1 to 1"
        )
    return Input(field, arrays, 1.0, tuple(notes))


def _facts(arrays: Mapping[PartName, SourceArray]) -> Facts:
    """One array in memory at a time."""
    first, *others = (facts(array.read(), array.name) for array in arrays.values())
    for other in others:
        first |= other
    return first


def facts(values: Array, where: str) -> Facts:
    """Raises BadFile, with the row, for what is no 32-bit number."""
    least, most, whole = np.inf, -np.inf, True
    rows = max(1, SCANNED_BYTES // max(1, values.nbytes // len(values)))
    for start in range(0, len(values), rows):
        chunk = values[start : start + rows]
        if chunk.dtype.kind == "f":
            _check_finite(chunk, start, where)
            whole = whole and bool((chunk == np.floor(chunk)).all())
        least, most = min(least, float(chunk.min())), max(most, float(chunk.max()))
    return Facts(least, most, whole)


def _check_finite(chunk: Array, start: int, where: str) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(chunk.astype(np.float32))
    if not bad.any():
        return
    place = tuple(int(axis) for axis in np.argwhere(bad)[0])
    row = start + place[0]
    raise BadFile(f"{chunk[place]} is no number that a model can take", f"{where}, row {row}")
