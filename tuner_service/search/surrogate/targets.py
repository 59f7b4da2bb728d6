"""Results as targets of a model: less is better, mean 0, variance 1.

Objectives have heavy tails: a rate too large costs a thousand times what a bad one does. A model of the values as they
are would spend itself on that. So what is better than usual keeps its distances, and the rest only its order: it is
spread like the end of a normal distribution (cf. Google Vizier; Song et al., 2024). What is usual the first trials say,
which were not chosen: if all of them did, it would narrow down to where the search is, and the rest be out of sight.
"""

from collections.abc import Sequence

import numpy as np
from optuna.study import Study
from optuna.trial import FrozenTrial
from scipy.special import ndtri

from tuner_service.search.ranking import rank
from tuner_service.search.surrogate.columns import Array

MOST = 1e300
"""Differences of such results are still numbers."""


def targets(study: Study, trials: Sequence[FrozenTrial], first: int) -> Array:
    """A target for each finished trial, of which the ``first`` were not chosen by what had been learned.

    A pruned one is worth no more than any completed one.
    """
    ranks = [rank(study, trial) for trial in trials]
    costs = np.array([cost for _, cost, _ in ranks])
    costs[np.isfinite(costs)] = costs[np.isfinite(costs)].clip(-MOST, MOST)
    is_pruned = np.array([pruned for pruned, _, _ in ranks])
    if not is_pruned.all():
        costs[is_pruned] = np.maximum(costs[is_pruned], costs[~is_pruned].max())
    spread = _spread(costs, float(np.median(costs[:first])))
    spread -= spread.mean()
    deviation = spread.std()
    return spread / deviation if deviation > 0 else spread


def _spread(costs: Array, middle: float) -> Array:
    """Around the middle, in units of the distance that the better ones have from it."""
    if not np.isfinite(middle):
        return _normal(costs)
    is_good = np.isfinite(costs) & (costs <= middle)
    below = (costs[is_good] - middle) / (max(abs(middle), np.abs(costs[is_good]).max()) or 1.0)
    unit = np.sqrt(np.mean(below**2))
    spread = _normal(costs)
    spread -= spread[is_good].max()
    spread[is_good] = below / unit if unit > 0 else below
    return spread


def _normal(costs: Array) -> Array:
    """The quantiles of a normal distribution by rank, equal costs alike."""
    _, places, counts = np.unique(costs, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    quantiles: Array = ndtri((ranks[places] - 0.5) / len(costs))
    return quantiles
