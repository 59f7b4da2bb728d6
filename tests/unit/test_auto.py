"""What ``auto`` picks."""

from typing import Any

import pytest

from tuner_service.domain.space import Space
from tuner_service.search import pick

CHOICES: list[dict[str, Any]] = [
    {"name": "kind", "type": "choice", "choices": ["a", "b", "c"]},
    {"name": "depth", "type": "int", "min": 1, "max": 4},
]
RATE: dict[str, Any] = {"name": "rate", "type": "float", "min": 0.0, "max": 1.0}


@pytest.mark.parametrize(
    ("parameters", "objectives", "trials", "algorithm", "options"),
    [
        (CHOICES, 1, 12, "grid", {}),
        (CHOICES, 2, 12, "grid", {}),
        (CHOICES, 1, 11, "bayesian", {"engine": "kriging"}),
        ([*CHOICES, RATE], 1, 40, "bayesian", {"engine": "kriging"}),
        ([*CHOICES, RATE], 2, 40, "bayesian", {}),
        ([{"name": "kind", "type": "fixed", "value": 1}], 1, 5, "bayesian", {"engine": "kriging"}),
    ],
)
def test_it_goes_by_space_objectives_and_budget(
    parameters: list[dict[str, Any]],
    objectives: int,
    trials: int,
    algorithm: str,
    options: dict[str, Any],
) -> None:
    picked = pick(Space.from_json(parameters), objectives, trials)
    assert (picked.algorithm, picked.options) == (algorithm, options)
    assert picked.why
