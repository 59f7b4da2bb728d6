"""The tabulated problems, as arrays of losses in the order of ``Space.candidates``."""

import json
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.search.problem import Candidate, Problem
from tuner_service.domain.space import Space

FOLDER = Path(__file__).parent / "tabulated"


def path(name: str) -> Path:
    return FOLDER / f"{name}.npz"


def names() -> list[str]:
    return sorted(each.stem for each in FOLDER.glob("*.npz"))


def save(name: str, space: Space, losses: np.ndarray) -> None:
    """Keep a table of shape (candidates, epochs) beside the space that it is of."""
    parameters = json.dumps(space.to_json())
    # As many digits as a search can tell apart, so that the file is small.
    kept = _five_digits(losses).astype(np.float32)
    np.savez_compressed(path(name), losses=kept, parameters=parameters)


@cache
def load(name: str) -> Problem:
    with np.load(path(name)) as kept:
        losses = _five_digits(kept["losses"].astype(float))
        parameters = json.loads(str(kept["parameters"]))
    rows = {key(c): row for row, c in enumerate(Space.from_json(parameters).candidates())}

    def curve(candidate: Candidate) -> list[float]:
        found: list[float] = losses[rows[key(candidate)]].tolist()
        return found

    return Problem(
        name,
        parameters,
        curve,
        best=float(losses.min()),
        epochs=losses.shape[1],
    )


def key(candidate: Candidate) -> tuple[tuple[str, object], ...]:
    """The candidate to look up: a number of steps may be off by a rounding error."""
    return tuple(
        sorted((n, round(v, 9) if isinstance(v, float) else v) for n, v in candidate.items())
    )


def _five_digits(losses: np.ndarray) -> np.ndarray:
    scale = 10 ** (4 - np.floor(np.log10(np.maximum(losses, 1e-9))))
    rounded: np.ndarray = np.round(losses * scale) / scale
    return rounded
