"""What is said of a file by its user, and what was found in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from search_spaces.signature import Kind, Signature

SEED = 2021
"""Of every split that a file does not bring itself."""


@dataclass(frozen=True)
class Told:
    """What the user says where inference would guess; all of it may be left out.

    ``target``: names of the columns (tables) or arrays to predict. ``task``: whether targets are classes or numbers.
    ``kinds``: the kind of an input or output by its name. ``image_size``: (height, width) that pictures of different
    sizes are brought to.
    """

    target: tuple[str, ...] = ()
    task: Literal["classification", "regression"] | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    image_size: tuple[int, int] | None = None

    @classmethod
    def said(cls, data: object) -> "Told":
        """As a user wrote it. Raises ValueError for what is not understood."""
        known = ("target", "task", "kinds", "image_size")
        if not isinstance(data, Mapping):
            raise ValueError(f"must be an object with some of {', '.join(known)}")
        if unknown := sorted(set(data) - set(known)):
            raise ValueError(f'unknown field "{unknown[0]}"; known: {", ".join(known)}')
        target, task = data.get("target") or [], data.get("task")
        targets = [target] if isinstance(target, str) else target
        if not isinstance(targets, list) or not all(isinstance(name, str) for name in targets):
            raise ValueError('"target" must be a name, or a list of names')
        if task not in (None, "classification", "regression"):
            raise ValueError(f'"task" is classification or regression, got {task!r}')
        kinds = data.get("kinds") or {}
        if not isinstance(kinds, Mapping) or not set(kinds.values()) <= set(get_args(Kind)):
            raise ValueError(f'"kinds" gives names one of: {", ".join(get_args(Kind))}')
        size = data.get("image_size")
        if size is not None and not (
            isinstance(size, list) and len(size) == 2 and all(type(side) is int for side in size)
        ):
            raise ValueError('"image_size" is [height, width]')
        return cls.from_json({**data, "target": targets})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Told":
        size = data.get("image_size")
        return cls(
            target=tuple(data.get("target") or ()),
            task=data.get("task"),
            kinds=dict(data.get("kinds") or {}),
            image_size=(size[0], size[1]) if size else None,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "target": list(self.target),
            "task": self.task,
            "kinds": dict(self.kinds),
            "image_size": list(self.image_size) if self.image_size else None,
        }


@dataclass(frozen=True)
class Limits:
    """How much a file may unfold to: bytes of all its arrays together, and members of an archive."""

    unpacked_bytes: int = 16 * 1024**3
    members: int = 1_000_000


@dataclass(frozen=True)
class Description:
    """What a file holds. ``notes``: what its user should know, such as where values were missing.

    ``preview``: as ``datasets.preview`` makes it; empty where nobody asked what the file holds.
    """

    summary: str
    signature: Signature
    sizes: Mapping[str, int]
    notes: tuple[str, ...] = ()
    preview: Mapping[str, Any] = field(default_factory=dict)
