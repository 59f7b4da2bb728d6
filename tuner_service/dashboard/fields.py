"""Inputs and outputs in words. A worker may have said anything of its own: what is not understood is left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from tuner_service.dashboard.formatting import count

Field = Mapping[str, Any]

KINDS = {"vector": "table", "image": "picture", "tokens": "text", "sequence": "sequence"}
"""What people call the data whose inputs are of a kind."""


def shape(field: Field) -> str:
    """``8×8×1``; "" of a single value."""
    sides = field.get("shape")
    return "×".join(str(side) for side in sides) if isinstance(sides, list) else ""


def words(field: Field) -> str:
    """``picture, 8×8×1``, ``text, 100 tokens of 412 words``, ``10 classes``, ``a number``."""
    size = shape(field)
    match field.get("kind"):
        case "vector":
            return f"{size} number{'' if size == '1' else 's'}"
        case "image":
            return f"picture, {size}"
        case "sequence":
            return f"sequence, {size}"
        case "tokens":
            vocabulary = field.get("vocabulary")
            known = f" of {count(vocabulary)} words" if isinstance(vocabulary, int) else ""
            return f"text, {size} tokens{known}"
        case "class":
            classes = field.get("classes")
            return f"{count(classes)} classes" if isinstance(classes, int) else "a class"
        case "number":
            return "a number"
        case _:
            return size or "?"


def ends(fields: Iterable[Field]) -> list[str]:
    """All inputs, or all outputs, of a data set, in few words each."""
    return [words(field).partition(" of ")[0] for field in fields]


def accepted(fields: Iterable[Field]) -> str:
    """What a family takes, or gives: ``a picture + a picture of the same shape``; "" where it does not say."""
    return " + ".join(_accepted(field) for field in fields if isinstance(field.get("kinds"), list))


def _accepted(field: Field) -> str:
    names = {**KINDS, "vector": "vector", "class": "class", "number": "number"}
    kinds = " or ".join(names.get(str(kind), str(kind)) for kind in field["kinds"])
    like = {"shape": " of the same shape", "width": " of the same kind and width"}
    return kinds + like.get(str(field.get("like")), "")


def family_of(entry: Mapping[str, Any]) -> str:
    """What kind of data a data set is, by its first input; "" where it does not say."""
    inputs = entry.get("inputs") or [{}]
    return KINDS.get(str(inputs[0].get("kind")), "")
