"""What ``auto`` picks, by the space and the budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuner_service.domain.space import Space


@dataclass(frozen=True)
class Pick:
    """An algorithm with its options, and why, in a sentence."""

    algorithm: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)


def pick(space: Space, objectives: int, trials: int) -> Pick:
    """The algorithm for a study of so many objectives and trials."""
    size = space.size(trials + 1)
    if size is not None and 1 < size <= trials:
        return Pick("grid", f"the budget of {trials} trials is enough for all {size} candidates")
    if objectives > 1:
        return Pick("bayesian", f"{objectives} objectives")
    return Pick("bayesian", "the usual choice")
