"""What is searched: parameters in the form of the contract, and a loss for each candidate."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tuner_service.domain.parameter import Value
from tuner_service.domain.space import Space
from tuner_service.search.distributions import distribution
from tuner_service.search.unit import from_unit

Json = dict[str, Any]
Candidate = Mapping[str, Value]
DRAWS = 1000


@dataclass(frozen=True)
class Problem:
    """``curve``: a candidate's loss after each of ``epochs``; the least of them is its result."""

    name: str
    parameters: Sequence[Json]
    curve: Callable[[Candidate], Sequence[float]]
    best: float
    """The optimum; of a table the least loss in it."""
    epochs: int = 1

    @cached_property
    def space(self) -> Space:
        return Space.from_json(self.parameters)

    @property
    def has_epochs(self) -> bool:
        return self.epochs > 1

    @cached_property
    def typical(self) -> float:
        """The median result of random candidates."""
        random = np.random.default_rng(0)
        return statistics.median(min(self.curve(self.drawn(random))) for _ in range(DRAWS))

    def drawn(self, random: np.random.Generator) -> dict[str, Value]:
        """A candidate at random."""
        chosen: dict[str, Value] = {}
        for parameter in self.space.parameters:
            if self.space.exists(parameter, chosen):
                chosen[parameter.name] = from_unit(distribution(parameter), random.random())
        return chosen


def real(name: str, low: float, high: float, **more: Any) -> Json:
    return {"name": name, "type": "float", "min": low, "max": high, **more}


def whole(name: str, low: int, high: int, **more: Any) -> Json:
    return {"name": name, "type": "int", "min": low, "max": high, **more}


def choice(name: str, *choices: Value, **more: Any) -> Json:
    return {"name": name, "type": "choice", "choices": list(choices), **more}


def under(parent: str, *values: Value) -> Json:
    """What makes a parameter exist only beside these values of another one."""
    return {"when": [{"parameter": parent, "values": list(values)}]}
