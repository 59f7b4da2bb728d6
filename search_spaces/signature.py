"""What goes into a model and what comes out: named fields with kind, shape and type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["vector", "image", "tokens", "sequence", "class", "number"]
"""``vector``: (features,); ``image``: (height, width, channels); ``tokens``: (length,) integers, 0 for padding;
``sequence``: (steps, features); ``class``: an integer label; ``number``: a real."""

INPUT_KINDS: tuple[Kind, ...] = ("vector", "image", "tokens", "sequence")
OUTPUT_KINDS: tuple[Kind, ...] = ("class", "number")


@dataclass(frozen=True)
class Field:
    """One named input or output. ``shape`` is that of one example, without the batch.

    ``classes`` is the number of classes of a ``class`` field, whose values are 0 … classes - 1, and ``class_names``
    what they are called, where they have names. ``vocabulary`` is the number of different tokens of a ``tokens`` field,
    whose values are 0 … vocabulary - 1. ``mean`` and ``deviation`` (above 0) of a ``number`` are those of the training
    part, where the values are as their user has them and not around 0 already.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    dtype: str
    classes: int | None = None
    vocabulary: int | None = None
    class_names: tuple[str, ...] = ()
    mean: float | None = None
    deviation: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f'field "{self.name}" has kind "{self.kind}"; known: {get_args(Kind)}')
        if (self.classes is not None) != (self.kind == "class"):
            raise ValueError(
                f'field "{self.name}" is a {self.kind}, its classes are {self.classes}'
            )
        if (self.vocabulary is not None) != (self.kind == "tokens"):
            raise ValueError(
                f'field "{self.name}" is a {self.kind}, its vocabulary is {self.vocabulary}'
            )

        scaled = self.mean is not None and self.deviation is not None
        if (self.mean is not None or self.deviation is not None) and not (
            scaled and self.kind == "number"
        ):
            raise ValueError(
                f'field "{self.name}" is a {self.kind} of mean {self.mean}, deviation {self.deviation}'
            )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Field":
        return cls(
            name=data["name"],
            kind=data["kind"],
            shape=tuple(data["shape"]),
            dtype=data["dtype"],
            classes=data.get("classes"),
            vocabulary=data.get("vocabulary"),
            class_names=tuple(data.get("class_names") or ()),
            mean=data.get("mean"),
            deviation=data.get("deviation"),
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
        if self.vocabulary is not None:
            data["vocabulary"] = self.vocabulary
        if self.class_names:
            data["class_names"] = list(self.class_names)
        if self.mean is not None:
            data |= {"mean": self.mean, "deviation": self.deviation}
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


def vector(name: str, size: int) -> Field:
    return Field(name, "vector", (size,), "float32")


def image(name: str, height: int, width: int, channels: int) -> Field:
    return Field(name, "image", (height, width, channels), "float32")


def tokens(name: str, length: int, vocabulary: int) -> Field:
    return Field(name, "tokens", (length,), "int32", vocabulary=vocabulary)


def sequence(name: str, steps: int, features: int) -> Field:
    return Field(name, "sequence", (steps, features), "float32")


def label(name: str, classes: int, class_names: tuple[str, ...] = ()) -> Field:
    return Field(name, "class", (), "int32", classes=classes, class_names=class_names)


def number(name: str, mean: float | None = None, deviation: float | None = None) -> Field:
    return Field(name, "number", (), "float32", mean=mean, deviation=deviation)
