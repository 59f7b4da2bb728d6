"""What ``auto`` picks, by the space and the budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuner_service.domain.space import Space
from tuner_service.search.samplers import KRIGING_MOST


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
        return Pick("grid", f"{trials} trials are enough for all {size} candidates of the space")
    if objectives > 1:
        return Pick(
            "bayesian", f"of {objectives} objectives TPE learns most from some hundred trials"
        )
    return Pick(
        "bayesian",
        f"a Gaussian process needs the fewest trials; from trial {KRIGING_MOST} on it gets dear, and TPE goes on",
        {"engine": "kriging"},
    )
