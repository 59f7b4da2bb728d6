"""The genetic sampler and the quasi-random one, held to what Optuna asks of a sampler."""

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)

from tuner_service.search.genetic import Breeding, GeneticSampler
from tuner_service.search.quasi_random import QuasiRandomSampler
from tuner_service.search.unit import Number, from_unit, to_unit


def genetic() -> GeneticSampler:
    return GeneticSampler(Breeding(), QuasiRandomSampler(seed=3), seed=3)


class TestGeneticSampler(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return genetic


class TestGeneticSamplerWithoutStart(BasicSamplerTestCase, RelativeSamplerTestCase):
    """Children from the second trial on."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        breeding = Breeding(startup_trials=1, population=2, crossover_rate=0.5, mutation_rate=0.5)
        return lambda: GeneticSampler(breeding, QuasiRandomSampler(seed=3), seed=3)


class TestQuasiRandomSampler(
    BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase
):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: QuasiRandomSampler(seed=3)


def hill(trial: optuna.Trial) -> float:
    """Highest at 1 + 1 + 0: a number, a size on a logarithmic scale, and a choice."""
    x = trial.suggest_float("x", -1, 1)
    size = trial.suggest_int("size", 1, 1000, log=True)
    kind = trial.suggest_categorical("kind", ["good", "bad", "worse"])
    return 2 - abs(x - 0.3) - abs(size - 30) / 1000 - ["good", "bad", "worse"].index(kind)


def bred(trials: int, sampler: BaseSampler | None = None) -> optuna.Study:
    study = optuna.create_study(direction="maximize", sampler=sampler or genetic())
    study.optimize(hill, n_trials=trials)
    return study


def test_children_are_better_than_what_was_drawn_at_the_start() -> None:
    values = [trial.value or 0.0 for trial in bred(60).trials]
    assert sorted(values[-20:])[10] > max(values[:8])
    assert max(values) > 1.95


def test_without_mutation_and_crossover_a_child_is_one_of_the_best() -> None:
    breeding = Breeding(population=4, crossover_rate=0, mutation_rate=0)
    study = bred(20)
    best = sorted(study.trials, key=lambda trial: trial.value or 0.0)[-4:]
    for seed in range(20):
        study.sampler = GeneticSampler(breeding, QuasiRandomSampler(seed=3), seed=seed)
        assert child(study) in [trial.params for trial in best]


def test_a_larger_tournament_favours_the_best() -> None:
    study = bred(20)
    times = {}
    for tournament in (1, 5):
        breeding = Breeding(crossover_rate=0, mutation_rate=0, tournament=tournament)
        times[tournament] = 0
        for seed in range(60):
            study.sampler = GeneticSampler(breeding, QuasiRandomSampler(seed=3), seed=seed)
            times[tournament] += child(study) == study.best_params
    assert times[5] > 2 * times[1] > 0


def test_every_mutation_gives_another_value() -> None:
    breeding = Breeding(population=1, crossover_rate=0, mutation_rate=1)
    study = bred(12)
    for seed in range(20):
        study.sampler = GeneticSampler(breeding, QuasiRandomSampler(seed=3), seed=seed)
        changed = child(study)
        assert all(changed[name] != value for name, value in study.best_params.items())


def test_a_pruned_trial_is_a_parent_only_where_completed_ones_are_too_few() -> None:
    breeding = Breeding(population=2, startup_trials=1, crossover_rate=0, mutation_rate=0)
    study = optuna.create_study(sampler=genetic())
    lines: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1)}

    def ended(x: float, **result: Any) -> None:
        study.add_trial(optuna.create_trial(params={"x": x}, distributions=lines, **result))

    def parents() -> set[float]:
        found = set()
        for seed in range(20):
            sampler = GeneticSampler(breeding, QuasiRandomSampler(seed=3), seed=seed)
            study.sampler = sampler
            found.add(child(study)["x"])
        return found

    pruned = optuna.trial.TrialState.PRUNED
    ended(0.1, state=pruned, intermediate_values={0: 0.5, 1: 0.3})
    ended(0.2, state=pruned, intermediate_values={0: 0.1, 1: 0.4})
    ended(0.3, state=pruned, intermediate_values={0: float("nan")})
    ended(0.4, state=optuna.trial.TrialState.FAIL)
    assert parents() == {0.1, 0.2}
    ended(0.5, value=9.0)
    assert parents() == {0.5, 0.1}
    ended(0.6, value=7.0)
    assert parents() == {0.5, 0.6}


def child(study: optuna.Study) -> dict[str, Any]:
    """What the sampler would suggest now; the study stays as it is."""
    space = study.trials[0].distributions
    return study.sampler.sample_relative(study, optuna.trial.create_trial(value=0.0), space)


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    low = draw(st.integers(1, 20))
    high = low + draw(st.integers(0, 200))
    step = draw(st.integers(1, 9))
    several: list[Number] = [
        IntDistribution(low, high),
        IntDistribution(-low, -low + 7 * step, step=step),
        IntDistribution(low, high, log=True),
        FloatDistribution(-low, high),
        FloatDistribution(low / 1000, high, log=True),
        FloatDistribution(low, high, step=0.1),
    ]
    return several[draw(st.integers(0, len(several) - 1))]


@given(numbers(), st.floats(0, 1))
def test_every_point_is_a_value_of_the_range_and_every_value_a_point(
    distribution: Number, point: float
) -> None:
    value = from_unit(distribution, point)
    assert distribution._contains(value)
    assert 0 <= to_unit(distribution, value) <= 1
    assert from_unit(distribution, to_unit(distribution, value)) == pytest.approx(value)


@pytest.mark.parametrize("count", [2, 8, 64])
def test_so_many_quasi_random_trials_leave_no_part_of_a_range_out(count: int) -> None:
    sampler = QuasiRandomSampler(seed=11)
    study = optuna.create_study(sampler=sampler)
    space = {name: FloatDistribution(0, count) for name in "abc"}
    trials = [optuna.trial.create_trial(value=0.0) for _ in range(count)]
    for number, trial in enumerate(trials):
        trial.number = number
    points = [sampler.sample_relative(study, trial, dict(space)) for trial in reversed(trials)]
    for name in space:
        assert sorted(int(point[name]) for point in points) == list(range(count))
