"""What is said of a file by its user, and what was found in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
    """What a file holds. ``notes``: what its user should know, such as where values were missing."""

    summary: str
    signature: Signature
    sizes: Mapping[str, int]
    notes: tuple[str, ...] = ()
