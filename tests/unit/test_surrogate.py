"""The parts of the Gaussian process, each held to what it is by definition."""

import math
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from optuna import create_study, create_trial
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState
from scipy.optimize import approx_fprime
from scipy.stats import norm

from tuner_service.domain.parameter import Value
from tuner_service.domain.space import Space
from tuner_service.search.distributions import Distributions
from tuner_service.search.surrogate.acquisition import Ascent, log_improvement
from tuner_service.search.surrogate.columns import Column
from tuner_service.search.surrogate.encoding import Encoding
from tuner_service.search.surrogate.kernel import Kernel, Posterior, fitted, matern
from tuner_service.search.surrogate.process import Process
from tuner_service.search.surrogate.targets import targets

SPACE = Space.from_json(
    [
        {"name": "rate", "type": "float", "min": 1e-4, "max": 1.0, "log": True},
        {"name": "optimizer", "type": "choice", "choices": ["adam", "sgd", "lion"]},
        {
            "name": "momentum",
            "type": "float",
            "min": 0.0,
            "max": 0.9,
            "when": [{"parameter": "optimizer", "values": ["sgd", "lion"]}],
        },
        {
            "name": "momentum_kind",
            "type": "fixed",
            "value": "plain",
            "when": [{"parameter": "optimizer", "values": ["sgd"]}],
        },
        {
            "name": "nesterov",
            "type": "bool",
            "when": [{"parameter": "momentum_kind", "values": ["plain"]}],
        },
        {"name": "layers", "type": "int", "min": 1, "max": 3},
        {
            "name": "width",
            "type": "int",
            "min": 8,
            "max": 512,
            "log": True,
            "when": [{"parameter": "layers", "values": [2, 3]}],
        },
    ]
)
ENCODING = Encoding(Distributions(SPACE).by_name, SPACE)
SHARES = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(np.array)


def existing(values: dict[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for parameter in SPACE.parameters:
        if SPACE.exists(parameter, found):
            found[parameter.name] = values.get(parameter.name, "plain")
    return found


@given(SHARES)
def test_a_point_has_what_the_space_says_exists_and_is_a_candidate(shares: np.ndarray) -> None:
    whole = ENCODING.drawn(shares[None])
    (point,) = ENCODING.existing(whole)
    found = ENCODING.parameters(point)
    expected = existing(ENCODING.parameters(whole[0]))
    assert found == {k: v for k, v in expected.items() if k != "momentum_kind"}
    SPACE.check(expected)
    assert_allclose(ENCODING.points([found])[0], point, atol=1e-12)


def test_distances_ignore_what_does_not_exist() -> None:
    one = {"rate": 0.01, "optimizer": "adam", "layers": 1}
    other = one | {"momentum": 0.3, "nesterov": True, "width": 100}
    features = ENCODING.features(ENCODING.existing(ENCODING.points([one, other])))
    assert_allclose(features[0], features[1])


def test_any_two_choices_are_one_apart_and_a_missing_one_is_nearer_to_each() -> None:
    several = [{"optimizer": each} for each in ("adam", "sgd", "lion")] + [{}]
    features = ENCODING.features(ENCODING.points(several))
    apart = ((features[:, None] - features[None]) ** 2).sum(axis=2)
    assert_allclose(apart[:3, :3], 1 - np.eye(3), atol=1e-12)
    assert np.all(apart[3, :3] < 0.5)


@pytest.mark.parametrize("column", ENCODING.columns, ids=lambda column: column.name)
def test_around_a_value_are_other_values(column: Column) -> None:
    (point,) = column.drawn(np.array([0.7]))
    others = [column.value(each) for each in column.around(point)]
    assert column.value(point) not in others
    assert len(set(others)) == len(others)
    assert (others == []) is (column.count is None)


def data(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    points = ENCODING.drawn(random.random((count, 6)))
    results = np.sin(3 * points[:, 0]) + (points[:, 1] == 2) + 0.1 * random.standard_normal(count)
    return ENCODING.existing(points), (results - results.mean()) / results.std()


def test_the_slope_of_the_posterior_is_its_slope() -> None:
    points, results = data(20)
    posterior = Posterior(ENCODING.owners, ENCODING.features(points), results, 5.0)
    random = np.random.default_rng(2)
    for _ in range(5):
        at = posterior.center + 0.7 * random.standard_normal(len(posterior.center))
        numeric = approx_fprime(at, lambda x: posterior(x)[0], 1e-6)
        assert_allclose(posterior(at)[1], numeric, rtol=1e-3, atol=1e-2)


def test_what_matters_is_found_out() -> None:
    points, results = data(60)
    kernel = Kernel.of(
        fitted(Posterior(ENCODING.owners, ENCODING.features(points), results, 5.0), None)
    )
    assert set(np.argsort(kernel.weights)[-2:]) == {0, 1}
    assert 1e-3 < kernel.noise / np.var(results) < 0.1


def test_a_process_expects_what_the_textbook_says() -> None:
    points, results = data(15)
    features, kernel = ENCODING.features(points), Kernel(np.full(6, 2.0), 1.5, 0.1)
    process = Process(kernel, ENCODING.owners, features, results)
    weights = kernel.weights[ENCODING.owners]
    at = ENCODING.features(data(4, seed=5)[0])

    def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        squared: np.ndarray = (weights * (a[:, None] - b[None]) ** 2).sum(axis=2)
        return kernel.scale * matern(squared)[0]

    inverse = np.linalg.inv(between(features, features) + kernel.noise * np.eye(15))
    across = between(at, features)
    means, deviations = process.at(at)
    assert_allclose(means, across @ inverse @ results)
    assert_allclose(deviations**2, kernel.scale - np.diag(across @ inverse @ across.T))
    assert_allclose(process.smoothed, process.at(features)[0])
    for row, mean, deviation in zip(at, means, deviations, strict=True):
        here = process.slopes(row)
        assert_allclose(here[:2], (mean, deviation))
        for number, slope in ((0, here[2]), (1, here[3])):
            numeric = approx_fprime(row, lambda x, k=number: process.at(x[None])[k][0], 1e-6)
            assert_allclose(slope, numeric, atol=1e-4)


def test_believing_changes_no_mean_and_leaves_little_to_learn_there() -> None:
    points, results = data(15)
    kernel = Kernel(np.full(6, 2.0), 1.5, 1e-4)
    process = Process(kernel, ENCODING.owners, ENCODING.features(points), results)
    at = ENCODING.features(data(8, seed=5)[0])
    after = process.believing(at[:3])
    assert_allclose(after.at(at)[0], process.at(at)[0], atol=1e-8)
    assert np.all(after.at(at[:3])[1] < 0.02)
    assert np.all(after.at(at)[1] <= process.at(at)[1] + 1e-12)


def test_the_logarithm_of_the_improvement_is_right_where_it_can_be_told() -> None:
    z = np.array([-20.0, -5.0, -1.01, -1.0, -0.99, 0.0, 3.0])
    expected = np.log(norm.pdf(z) + z * norm.cdf(z))
    assert_allclose(log_improvement(z)[0][1:], expected[1:], rtol=1e-9)
    far = np.array([-1e6, -1e5, -1e4, -9999.0, -100.0, *z])
    values, slopes = log_improvement(far)
    assert np.all(np.isfinite(values))
    assert np.all(np.diff(values) > 0)
    step = 1e-6 * np.abs(far) + 1e-6
    numeric = (log_improvement(far + step)[0] - log_improvement(far - step)[0]) / (2 * step)
    assert_allclose(slopes, numeric, rtol=1e-4)


def test_the_highest_point_is_near_the_best_of_many() -> None:
    points, results = data(30)
    features = ENCODING.features(points)
    kernel = Kernel.of(fitted(Posterior(ENCODING.owners, features, results, 5.0), None))
    process = Process(kernel, ENCODING.owners, features, results)
    best = float(process.smoothed.min())
    free = np.full(6, math.nan)
    many = ENCODING.existing(ENCODING.drawn(np.random.default_rng(3).random((20_000, 6))))

    def heights(points: np.ndarray) -> np.ndarray:
        means, deviations = process.at(ENCODING.features(points))
        height: np.ndarray = log_improvement((best - means) / deviations)[0] + np.log(deviations)
        return height

    for seed in range(3):
        ascent = Ascent(ENCODING, process, best, free, np.random.default_rng(seed))
        found = ascent.highest(points[np.argsort(results)[:5]], points)
        assert heights(found[None])[0] > heights(many).max() - 0.05


def test_what_is_given_stays_and_what_is_taken_is_not_suggested_again() -> None:
    space = Space.from_json([SPACE.by_name["optimizer"].to_json(), {"name": "b", "type": "bool"}])
    encoding = Encoding(Distributions(space).by_name, space)
    every = [{"optimizer": o, "b": b} for o in ("adam", "sgd", "lion") for b in (False, True)]
    points = encoding.points(every)
    process = Process(
        Kernel(np.ones(2), 1.0, 1e-4),
        encoding.owners,
        encoding.features(points[:5]),
        np.arange(5.0),
    )
    for fixed, taken in (({}, 5), ({"b": True}, 5), ({"b": False}, 6)):
        ascent = Ascent(
            encoding, process, 0.0, encoding.points([fixed])[0], np.random.default_rng(1)
        )
        found = encoding.parameters(ascent.highest(points[:1], points[:taken]))
        assert found in every
        assert found.items() >= fixed.items()
        if not fixed or fixed["b"]:
            assert found == every[5]


def study_of(*results: dict[str, Any]) -> optuna.Study:
    study = create_study()
    for k, result in enumerate(results):
        study.add_trial(
            create_trial(
                params={"x": k / 10}, distributions={"x": FloatDistribution(0, 9)}, **result
            )
        )
    return study


def test_a_pruned_trial_is_worth_no_more_than_any_completed_one() -> None:
    pruned = TrialState.PRUNED
    study = study_of(
        {"value": 0.5},
        {"state": pruned, "intermediate_values": {0: 0.1}},
        {"state": pruned, "intermediate_values": {0: 0.9, 1: 0.8}},
        {"value": 0.3},
        {"state": pruned, "intermediate_values": {0: math.nan}},
    )
    found = targets(study, study.trials, 5)
    assert list(np.argsort(found, kind="stable")[:2]) == [3, 0]
    assert found[0] <= found[1] <= found[2] <= found[4]
    assert np.all(np.isfinite(found))
    assert_allclose([found.mean(), found.std()], [0, 1], atol=1e-9)


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [1e300, -1e300, 0.0], [math.inf, 1.0, 2.0]])
def test_targets_are_numbers_whatever_the_values(values: list[float]) -> None:
    study = study_of(*({"value": value} for value in values))
    assert np.all(np.isfinite(targets(study, study.trials, 5)))


def test_a_diverged_trial_flattens_nothing_and_what_is_usual_stays_so() -> None:
    values = [5.0, 4.0, 6.0, 3.0, 7.0]
    tame = targets(*_with(*values, 8.0), 5)
    wild = targets(*_with(*values, 8e9), 5)
    assert_allclose(tame, wild)
    many = targets(*_with(*values, *[3.0 + k / 1000 for k in range(40)]), 5)
    ordered = many[[3, 1, 0]]
    assert_allclose((ordered[1] - ordered[0]) / (ordered[2] - ordered[1]), 1.0)


def _with(*values: float) -> tuple[optuna.Study, list[FrozenTrial]]:
    study = study_of(*({"value": value} for value in values))
    return study, study.trials
