"""A steady-state (μ+1) genetic algorithm for mixed, conditional spaces.

The best μ of all finished trials are the parents of the next one: the best is never lost, and nobody waits for a
generation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from tuner_service.search.quasi_random import Distributions, QuasiRandomSampler
from tuner_service.search.ranking import finished, rank
from tuner_service.search.unit import Number, from_unit, to_unit

BLEND = 0.3
"""A child's number lies between its parents' or, by up to this share of their distance, beyond either (BLX-α)."""
SPREAD = 0.15
"""A mutation's standard deviation, as a share of the parameter's range."""

Genes = Mapping[str, Any]


@dataclass(frozen=True)
class Breeding:
    """The options of ``genetic``. ``mutation_rate`` is the chance of each gene; None: one gene a child, on average."""

    population: int = 10
    startup_trials: int = 8
    crossover_rate: float = 0.9
    mutation_rate: float | None = None
    tournament: int = 2


class GeneticSampler(BaseSampler):
    """Children of the best. ``start`` has the first trials, until ``startup_trials`` have finished, and the space."""

    def __init__(self, breeding: Breeding, start: QuasiRandomSampler, seed: int) -> None:
        self._breeding = breeding
        self._start = start
        self._random = np.random.default_rng(seed)

    def reseed_rng(self) -> None:
        self._start.reseed_rng()
        self._random = np.random.default_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Distributions:
        return self._start.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        self._raise_error_if_multi_objective(study)
        past = finished(study)
        if len(past) < self._breeding.startup_trials:
            return self._start.sample_relative(study, trial, search_space)
        best = nsmallest(self._breeding.population, past, key=lambda each: rank(study, each))
        return self._child([parent.params for parent in best], search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        self._raise_error_if_multi_objective(study)
        return self._drawn(param_distribution)

    def _child(self, parents: Sequence[Genes], space: Distributions) -> dict[str, Any]:
        """``parents`` are ranked, the best first."""
        mother = father = self._selected(parents)
        if self._random.random() < self._breeding.crossover_rate:
            father = self._selected(parents)
        rate = self._breeding.mutation_rate
        if rate is None:
            rate = 1 / max(1, sum(not each.single() for each in space.values()))
        child = {}
        for name, distribution in space.items():
            child[name] = self._inherited(name, distribution, mother, father)
            if self._random.random() < rate:
                child[name] = self._mutated(distribution, child[name])
        return child

    def _selected(self, parents: Sequence[Genes]) -> Genes:
        """The winner of a tournament."""
        return parents[
            int(self._random.integers(len(parents), size=self._breeding.tournament).min())
        ]

    def _inherited(
        self, name: str, distribution: BaseDistribution, mother: Genes, father: Genes
    ) -> Any:
        values = [
            parent[name] for parent in (mother, father) if _fits(distribution, parent.get(name))
        ]
        if not values:
            return self._drawn(distribution)
        if not isinstance(distribution, Number):
            return values[int(self._random.integers(len(values)))]
        if values[0] == values[-1]:
            return values[0]
        one, other = (to_unit(distribution, value) for value in values)
        share = self._random.uniform(-BLEND, 1 + BLEND)
        return from_unit(distribution, _within(one + share * (other - one)))

    def _mutated(self, distribution: BaseDistribution, value: Any) -> Any:
        """Another value: a number's neighbour, or any other choice."""
        if distribution.single():
            return value
        if isinstance(distribution, CategoricalDistribution):
            index = int(distribution.to_internal_repr(value))
            others = distribution.choices[:index] + distribution.choices[index + 1 :]
            return others[int(self._random.integers(len(others)))]
        assert isinstance(distribution, Number)
        point = to_unit(distribution, value) + SPREAD * self._random.standard_normal()
        near = from_unit(distribution, _within(point))
        # Where a step is wider than the spread, the neighbour is mostly the value itself.
        return near if near != value else self._drawn(distribution)

    def _drawn(self, distribution: BaseDistribution) -> Any:
        return from_unit(distribution, self._random.random())


def _fits(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a parent has the gene at all, and within what is searched now."""
    if isinstance(distribution, Number):
        return value is not None and distribution.low <= value <= distribution.high
    assert isinstance(distribution, CategoricalDistribution)
    return value in distribution.choices


def _within(point: float) -> float:
    return min(max(point, 0.0), 1.0)
