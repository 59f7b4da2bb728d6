"""Where arrays come from: a file, or the memory of a process that loaded them."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.errors import BadFile

MOST_AXES = 4

REFUSED = {
    "O": "holds Python objects, which are pickles and never unpickled (ragged lists become such arrays, too); "
    "save plain arrays, padded to one length",
    "V": "is a structured array; save its fields as arrays of their own",
    "c": "holds complex numbers; save their real and imaginary parts as two columns",
    "m": "holds time spans; save them as numbers",
    "M": "holds dates; save them as numbers",
}
"""Kinds of dtype that are no data for a model, and what to do about it."""


class SourceArray(Protocol):
    """A named array that is read when it is asked for."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> "np.dtype[Any]": ...
    def read(self) -> Array: ...


@dataclass(frozen=True)
class LoadedArray:
    """An array in memory, or memory-mapped."""

    name: str
    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> "np.dtype[Any]":
        return self.array.dtype

    def read(self) -> Array:
        return self.array


def check(name: str, shape: tuple[int, ...], dtype: "np.dtype[Any]") -> None:
    """Raises BadFile for what is no data for a model."""
    if dtype.hasobject or dtype.kind in REFUSED:
        raise BadFile(REFUSED["O" if dtype.hasobject else dtype.kind], name)
    if not 1 <= len(shape) <= MOST_AXES:
        raise BadFile(f"has shape {shape}; the examples come first, with up to 3 axes each", name)
    if min(shape) <= 0 or dtype.itemsize == 0:
        raise BadFile(f"has shape {shape} of {dtype}; it is empty", name)
