"""Which algorithm is ahead, over several problems, and whether that is more than chance.

A rank needs no scale: it is what remains comparable between problems whose losses have nothing in common. The chance is
in the seeds, so intervals come from drawing them anew (a bootstrap); the problems stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

REPLICATES = 2000
INTERVAL = (2.5, 97.5)

Results = Mapping[str, Sequence[Sequence[float]]]
"""By algorithm: for each problem the losses of all seeds."""


@dataclass(frozen=True)
class Standing:
    """``low`` and ``high`` hold the mean rank in 95 of 100 draws of the seeds."""

    rank: float
    low: float
    high: float
    is_near_first: bool
    """Whether its distance to the first one's rank is within what chance makes of it, or it is the first one."""


def standings(results: Results) -> dict[str, Standing]:
    """The mean rank of each algorithm, 1 for one that always wins; every one has the same problems."""
    names = list(results)
    count = len(next(iter(results.values())))
    random = np.random.default_rng(0)
    drawn = [
        _ranks([np.array(results[name][index]) for name in names], random) for index in range(count)
    ]
    ranks = np.mean(drawn, axis=0)
    measured, replicates = ranks[:, 0], ranks[:, 1:]
    behind = replicates - replicates[measured.argmin()]
    low, high = np.percentile(replicates, INTERVAL, axis=1)
    near = np.percentile(behind, INTERVAL[0], axis=1) <= 0
    return {
        name: Standing(float(measured[i]), float(low[i]), float(high[i]), bool(near[i]))
        for i, name in enumerate(names)
    }


def _ranks(losses: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """The rank of each algorithm on one problem: as measured, and for each draw of the seeds.

    It is expected over all ways to pair the seeds: 1, and the chance of each other one to be ahead (a tie is half).
    """
    sizes = [len(each) for each in losses]
    joined = np.concatenate(losses)
    ahead = (joined[None, :] < joined[:, None]) + 0.5 * (joined[None, :] == joined[:, None])
    weights = np.concatenate([_weights(size, random) for size in sizes])
    starts = np.cumsum([0, *sizes[:-1]])
    ranks = np.add.reduceat(weights * (ahead @ weights), starts, axis=0)
    # Each was compared with itself too, which is half a rank on average.
    itself = np.array(
        [
            np.sum(weights[a : a + n] * (ahead[a : a + n, a : a + n] @ weights[a : a + n]), axis=0)
            for a, n in zip(starts, sizes, strict=True)
        ]
    )
    above: np.ndarray = 1 + ranks - itself
    return above


def _weights(size: int, random: np.random.Generator) -> np.ndarray:
    """How much each seed counts: all the same in the first column, as often as it was drawn in the others."""
    drawn = random.multinomial(size, np.full(size, 1 / size), REPLICATES).T
    return np.column_stack([np.ones(size), drawn]) / size


@dataclass(frozen=True)
class Quartiles:
    low: float
    median: float
    high: float


def quartiles(values: Sequence[float]) -> Quartiles:
    return Quartiles(*(float(q) for q in np.percentile(values, (25, 50, 75))))
