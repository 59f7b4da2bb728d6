"""The Gaussian process, held to what Optuna asks of a sampler, and to what the service asks of any."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.errors import EngineMissing
from tuner_service.search import History, Past, Question, suggest
from tuner_service.search.gaussian_process import GaussianProcessSampler
from tuner_service.search.quasi_random import QuasiRandomSampler
from tuner_service.search.samplers import KRIGING_MOST

PARAMETERS: list[dict[str, Any]] = [
    {"name": "x", "type": "float", "min": -1.0, "max": 1.0},
    {"name": "kind", "type": "choice", "choices": ["a", "b"]},
    {
        "name": "depth",
        "type": "int",
        "min": 1,
        "max": 5,
        "when": [{"parameter": "kind", "values": ["b"]}],
    },
    {"name": "lr", "type": "float", "min": 1e-5, "max": 1e-1, "log": True},
    {"name": "constant", "type": "fixed", "value": 3},
]
SPEC = Spec.from_json(
    {
        "name": "s",
        "executor": "external",
        "search_space": {"parameters": PARAMETERS},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "bayesian", "engine": "kriging", "startup_trials": 5, "seed": 7},
        "pruning": {"algorithm": "none"},
    }
)
OPTUNAS = replace(SPEC, search=replace(SPEC.search, options={"engine": "gp", "startup_trials": 5}))


class TestGaussianProcessSampler(
    BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase
):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: GaussianProcessSampler(QuasiRandomSampler(seed=3), 3, startup_trials=2)


def history(spec: Spec = SPEC) -> History:
    return History(spec, Space.from_json(PARAMETERS))


def ask(of: History, number: int, running: list[Past] | None = None, **fixed: Any) -> Past:
    found = suggest(of, Question(number, of.revision, running or [], fixed))
    notes = json.loads(json.dumps(found.notes))
    return Past(number, TrialState.RUNNING, found.parameters, notes=notes)


def loss_of(parameters: Any) -> float:
    depth = 0.2 * abs(parameters["depth"] - 4) if "depth" in parameters else 0.5
    return float(abs(parameters["x"] - 0.3) + depth + 0.1 * abs(np.log10(parameters["lr"]) + 3))


def searched(trials: int, spec: Spec = SPEC) -> list[Past]:
    of, found = history(spec), []
    for number in range(trials):
        asked = ask(of, number)
        values = [loss_of(asked.parameters)] * len(spec.objectives)
        found.append(replace(asked, state=TrialState.COMPLETED, values=values))
        of.add(found[-1], number + 1)
    return found


def after(trials: list[Past]) -> History:
    of = history()
    for trial in trials:
        of.add(trial, trial.number + 1)
    return of


def test_few_trials_are_enough_for_what_is_smooth_and_conditional() -> None:
    trials = searched(30)
    for trial in trials:
        Space.from_json(PARAMETERS).check(trial.parameters)
    best = min(trials, key=lambda trial: loss_of(trial.parameters))
    assert loss_of(best.parameters) < 0.05
    assert best.parameters["depth"] == 4


def test_a_number_of_a_billion_steps_is_not_climbed_step_by_step() -> None:
    parameters = [{"name": "x", "type": "int", "min": 0, "max": 10**9}]
    search = replace(SPEC.search, seed=1, options={"engine": "kriging", "startup_trials": 2})
    of = History(replace(SPEC, search=search), Space.from_json(parameters))
    chance = random.Random(1)
    for number in range(14):  # the test's time runs out otherwise
        asked = ask(of, number)
        ended = replace(asked, state=TrialState.COMPLETED, values=[chance.random()])
        of.add(ended, number + 1)


def test_a_history_built_anew_suggests_the_same() -> None:
    trials = searched(14)
    for restart_at in (4, 5, 6, 10, 13):
        assert ask(after(trials[:restart_at]), restart_at) == replace(
            trials[restart_at], state=TrialState.RUNNING, values=None
        )


def test_what_runs_is_not_suggested_again_and_the_rest_keeps_away_from_it() -> None:
    of, running = after(searched(12)), list[Past]()
    for number in range(12, 20):
        running.append(ask(of, number, running))
    places = [(trial.parameters["x"], trial.parameters["lr"]) for trial in running]
    assert len(set(places)) == 8
    assert ask(of, 20, running).parameters != ask(of, 20).parameters


def test_the_rest_is_searched_beside_what_the_user_chose() -> None:
    of = after(searched(12))
    found = ask(of, 12, kind="b", depth=2).parameters
    assert found.items() >= {"kind": "b", "depth": 2}.items()
    assert found["x"] != ask(of, 12).parameters["x"]
    assert "depth" not in ask(of, 12, kind="a").parameters


def test_after_some_hundred_trials_tpe_goes_on() -> None:
    of = after(searched(12))
    samplers = [
        suggest(of, Question(number, of.revision)).notes["sampler"]["name"]
        for number in (KRIGING_MOST - 1, KRIGING_MOST)
    ]
    assert samplers == ["GaussianProcessSampler", "TpeSampler"]


def test_failed_trials_teach_nothing_and_pruned_ones_do() -> None:
    trials = searched(9)
    bare = ask(after(trials), 10).parameters
    failed = Past(9, TrialState.FAILED, trials[3].parameters)
    assert ask(after([*trials, failed]), 10).parameters == bare
    pruned = replace(failed, state=TrialState.PRUNED, curve=[9.0])
    assert ask(after([*trials, pruned]), 10).parameters != bare


def test_in_a_space_that_is_all_tried_it_goes_on() -> None:
    def objective(trial: optuna.Trial) -> float:
        return float(trial.suggest_int("n", 1, 3)) + float(trial.suggest_categorical("c", [0, 1]))

    start = QuasiRandomSampler(seed=1)
    study = optuna.create_study(sampler=GaussianProcessSampler(start, 1, startup_trials=2))
    study.optimize(objective, n_trials=9)
    assert len({tuple(trial.params.values()) for trial in study.trials[:7]}) >= 6
    assert study.best_value == 1


with_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra gp")


@with_torch
def test_optunas_learns_all_parameters_together() -> None:
    trials = searched(8, OPTUNAS)
    assert "depth" in {**trials[-1].parameters, **trials[-1].notes.get("genome", {})}


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_optunas_without_pytorch_says_what_to_install() -> None:
    with pytest.raises(EngineMissing, match=r"pip install"):
        ask(history(OPTUNAS), 0)
