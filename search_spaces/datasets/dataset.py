"""A data set in memory: named arrays in three parts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.signature import Signature

Array = NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Part:
    """Arrays by field name, the example as first axis, in the same order in all of them."""

    inputs: Arrays
    outputs: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.outputs.values())))

    def at(self, rows: Array) -> "Part":
        """The examples with these indices, in this order."""
        return Part(
            inputs={name: array[rows] for name, array in self.inputs.items()},
            outputs={name: array[rows] for name, array in self.outputs.items()},
        )


@dataclass(frozen=True)
class Dataset:
    """Train on ``train``, choose by ``validation``; a search never touches ``test``.

    ``legend`` is for whoever looks at the data: of a vector the names of its columns, of tokens the words from 0 on.
    ``preparation`` is how rows of its user's became the inputs (``files.prediction.Inputs`` as JSON); None where they
    are used as they are.
    """

    name: str
    summary: str
    source: str
    signature: Signature
    train: Part
    validation: Part
    test: Part
    legend: Mapping[str, Sequence[str]] = field(default_factory=dict)
    preparation: Mapping[str, Any] | None = None

    @property
    def sizes(self) -> dict[str, int]:
        return {
            "train": len(self.train),
            "validation": len(self.validation),
            "test": len(self.test),
        }

    @cached_property
    def sha256(self) -> str:
        """Over train, validation, test; in each the inputs, then the outputs, in the signature's order.

        Of every array: name, type, shape, then its bytes in C order, little-endian.
        """
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for fields, arrays in (
                (self.signature.inputs, part.inputs),
                (self.signature.outputs, part.outputs),
            ):
                for each in fields:
                    array = arrays[each.name]
                    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
                    digest.update(f"{each.name} {array.dtype.name} {array.shape}\n".encode())
                    digest.update(little.tobytes())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The data set as the catalogue tells of it."""
        return {
            "name": self.name,
            "summary": self.summary,
            **self.signature.to_json(),
            "sizes": self.sizes,
            "sha256": self.sha256,
            "source": self.source,
        }
