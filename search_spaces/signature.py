"""What goes into a model and what comes out: named fields with kind, shape and type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["image", "vector", "class", "number"]
"""``image``: (height, width, channels); ``vector``: (features,); ``class``: an integer label; ``number``: a real."""


@dataclass(frozen=True)
class Field:
    """One named input or output. ``shape`` is that of one example, without the batch.

    ``classes`` is the number of classes of a ``class`` field, whose values are 0 … classes - 1.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f'field "{self.name}" has kind "{self.kind}"; known: {get_args(Kind)}')
        if (self.classes is not None) != (self.kind == "class"):
            raise ValueError(
                f'field "{self.name}" is a {self.kind}, its classes are {self.classes}'
            )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Field":
        return cls(
            name=data["name"],
            kind=data["kind"],
            shape=tuple(data["shape"]),
            dtype=data["dtype"],
            classes=data.get("classes"),
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
        }
        if self.classes is not None:
            data["classes"] = self.classes
        return data


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a data set, in order, and so of a model that can be trained on it."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Signature":
        return cls(
            inputs=tuple(Field.from_json(field) for field in data["inputs"]),
            outputs=tuple(Field.from_json(field) for field in data["outputs"]),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": [field.to_json() for field in self.inputs],
            "outputs": [field.to_json() for field in self.outputs],
        }
