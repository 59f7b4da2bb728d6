"""The families by name. Importing this imports no Keras; building one does."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from search_spaces.errors import Misfit, UnknownFamily
from search_spaces.signature import (
    OUTPUT_KINDS,
    Field,
    Kind,
    Signature,
    image,
    label,
    vector,
)


@dataclass(frozen=True)
class Family:
    """A family of models. ``inputs`` and ``outputs``: the kinds that each of its ends takes.

    ``book`` is a signature of the size that the family has in the book; its parameters are the same for any other.
    """

    name: str
    title: str
    summary: str
    inputs: tuple[tuple[Kind, ...], ...]
    outputs: tuple[tuple[Kind, ...], ...]
    module: str
    hypermodel: str
    book: Signature

    @property
    def accepts(self) -> dict[str, list[dict[str, list[Kind]]]]:
        return {
            "inputs": [{"kinds": list(kinds)} for kinds in self.inputs],
            "outputs": [{"kinds": list(kinds)} for kinds in self.outputs],
        }

    def check(self, signature: Signature) -> None:
        """Raises Misfit if this family cannot take such data."""
        for side, wanted, given in (
            ("inputs", self.inputs, signature.inputs),
            ("outputs", self.outputs, signature.outputs),
        ):
            if len(wanted) != len(given) or any(
                field.kind not in kinds for kinds, field in zip(wanted, given, strict=True)
            ):
                wants = " + ".join(" or ".join(kinds) for kinds in wanted)
                has = " + ".join(f'{field.kind} "{field.name}"' for field in given) or "none"
                raise Misfit(self.name, f"as {side} {wants}", has)


def _book(*fields: Field) -> Signature:
    """The signature of these fields: classes and numbers are its outputs."""
    return Signature(
        inputs=tuple(field for field in fields if field.kind not in OUTPUT_KINDS),
        outputs=tuple(field for field in fields if field.kind in OUTPUT_KINDS),
    )


FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="dense",
            title="Dense network",
            summary="Densely connected layers over a vector or a flattened image.",
            inputs=(("vector", "image"),),
            outputs=(("class", "number"),),
            module="search_spaces.dense",
            hypermodel="Dense",
            book=_book(vector("features", 64), label("label", 10)),
        ),
        Family(
            name="separable_convnet",
            title="Depthwise separable convnet",
            summary="A small, fast image model of depthwise separable convolutions with pooling.",
            inputs=(("image",),),
            outputs=(("class", "number"),),
            module="search_spaces.separable_convnet",
            hypermodel="SeparableConvnet",
            book=_book(image("image", 64, 64, 3), label("label", 10)),
        ),
    )
}


def family(name: str) -> Family:
    """Raises UnknownFamily."""
    if name not in FAMILIES:
        raise UnknownFamily(name, FAMILIES)
    return FAMILIES[name]


def build(name: str, signature: Signature) -> Any:
    """The family's ``keras_tuner.HyperModel`` for such data. Raises UnknownFamily, Misfit."""
    found = family(name)
    found.check(signature)
    return getattr(import_module(found.module), found.hypermodel)(signature)
