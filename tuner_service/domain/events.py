"""What is told to those who watch a study."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    STUDY = "study"
    TRIAL = "trial"
    EPOCH = "epoch"


@dataclass(frozen=True)
class Event:
    """A change. ``id`` grows by commit within a study; ``body`` is the changed object as JSON text."""

    id: int
    kind: EventKind
    body: str
