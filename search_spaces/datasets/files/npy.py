"""One array of an ``.npz`` file: its header, checked before any data is read, and then the data. Never unpickled."""

import io
import math
import tokenize
import warnings
from dataclasses import dataclass
from typing import Any
from zipfile import ZipInfo

import numpy as np
from numpy.lib import format as npy_format

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.archives import Archive
from search_spaces.datasets.files.sources import check
from search_spaces.errors import BadFile

SUFFIX = ".npy"
HEADER_BYTES = 16 * 1024
"""NumPy's own headers of plain arrays have 128."""

READERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}

BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    RecursionError,
    MemoryError,  # of Python's parser, when a header is nested deeply
    OverflowError,
    tokenize.TokenError,
    UserWarning,
)
"""What NumPy raises for headers that are damaged."""


@dataclass(frozen=True)
class StoredArray:
    """An array in a file; the data is read when it is asked for. ``name`` is the member's, without its suffix."""

    name: str
    shape: tuple[int, ...]
    dtype: "np.dtype[Any]"
    archive: Archive
    member: ZipInfo
    offset: int
    fortran_order: bool

    def read(self) -> Array:
        """The data, C-ordered or not, in the byte order of the file. Raises BadFile."""
        data = self.archive.read(self.member)
        flat = np.frombuffer(data, self.dtype, offset=self.offset)
        return flat.reshape(self.shape, order="F" if self.fortran_order else "C")


def stored_arrays(archive: Archive) -> dict[str, StoredArray]:
    """The arrays of an ``.npz`` file by name, in its order. Raises BadFile for the first that is none or not usable."""
    arrays = [_stored_array(archive, member) for member in archive.files]
    return {array.name: array for array in arrays}


def _stored_array(archive: Archive, member: ZipInfo) -> StoredArray:
    if not member.filename.endswith(SUFFIX):
        raise BadFile("is not an array; an .npz file holds .npy members only", member.filename)
    name = member.filename.removesuffix(SUFFIX)
    start = io.BytesIO(archive.start(member, HEADER_BYTES))
    try:
        # NumPy warns of headers from Python 2 and reads them; we are told that they are damaged.
        with warnings.catch_warnings(action="error"):
            version = npy_format.read_magic(start)
            shape, fortran_order, dtype = READERS[version](start)
    except BROKEN as error:
        raise BadFile(f"its header is damaged: {error}", name) from error
    check(name, shape, dtype)
    claimed, there = math.prod(shape) * dtype.itemsize, member.file_size - start.tell()
    if claimed != there:
        raise BadFile(
            f"its header claims {claimed:,} bytes (shape {shape} of {dtype}), it has {there:,}",
            name,
        )
    return StoredArray(name, shape, dtype, archive, member, start.tell(), fortran_order)
