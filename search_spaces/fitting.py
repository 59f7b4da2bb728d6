"""Whether a family can take a data set: both as the catalogue's entries describe them. Imports no Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

Ends = Sequence[Mapping[str, Any]]


def misfit(family: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the family wants and what the data has instead, in words; None if it fits, or the family does not say.

    An end of the family is ``{"kinds": [...]}``. ``"like"`` beside it: the input must be like the first one, in its
    kind and "shape", or in its kind and "width" (the last axis; of tokens nothing).
    """
    for side in ("inputs", "outputs"):
        wanted, given = family.get(side) or [], data.get(side) or []
        if wanted and given and not _fits(wanted, given):
            return f"as {side} {_wants(wanted)}", _has(given)
    return None


def _fits(wanted: Ends, given: Ends) -> bool:
    return len(wanted) == len(given) and all(
        field.get("kind") in end["kinds"] and _is_like(end.get("like"), field, given[0])
        for end, field in zip(wanted, given, strict=True)
        if "kinds" in end
    )


def _is_like(how: str | None, field: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    if how is None:
        return True
    if field.get("kind") != first.get("kind"):
        return False
    mine, its = list(field.get("shape") or ()), list(first.get("shape") or ())
    if how == "shape":
        return mine == its
    return field.get("kind") == "tokens" or mine[-1:] == its[-1:]


def _wants(wanted: Ends) -> str:
    words = []
    for end in wanted:
        like = {"shape": " of the same shape", "width": " of the same kind and width"}
        words.append(
            " or ".join(end.get("kinds", ["anything"])) + like.get(end.get("like") or "", "")
        )
    return " + ".join(words)


def _has(given: Ends) -> str:
    return " + ".join(
        f'{field.get("kind", "?")} "{field.get("name", "")}"{_size(field)}' for field in given
    )


def _size(field: Mapping[str, Any]) -> str:
    shape = "×".join(map(str, field.get("shape") or ()))
    return f" ({shape})" if shape else ""
