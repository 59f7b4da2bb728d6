"""CMA-ES, held to what Optuna asks of a sampler of numbers, and to what the service asks of any."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from optuna import Trial, create_study
from optuna.distributions import FloatDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, Question, suggest
from tuner_service.search.cmaes import CmaEsSampler


class TestCmaEsSampler(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: CmaEsSampler(seed=3)

    # Where Optuna's tests ask for choices among what is learned, ours are drawn beside it.

    def test_sample_relative_categorical(self, sampler: Callable[[], BaseSampler]) -> None:
        study = create_study(sampler=sampler())
        study.optimize(lambda trial: trial.suggest_categorical("c", [1.0, 2.0]), n_trials=3)
        assert study.sampler.infer_relative_search_space(study, study.trials[-1]) == {}
        assert {trial.params["c"] for trial in study.trials} <= {1.0, 2.0}

    @pytest.mark.parametrize(
        "x_distribution", [FloatDistribution(-1.0, 1.0), FloatDistribution(1e-5, 1.0, log=True)]
    )
    def test_sample_relative_mixed(
        self, sampler: Callable[[], BaseSampler], x_distribution: Any
    ) -> None:
        def objective(trial: Trial) -> float:
            choice: float = trial.suggest_categorical("c", [1.0, 2.0])
            low, high, log = x_distribution.low, x_distribution.high, x_distribution.log
            return trial.suggest_float("x", low, high, log=log) + choice

        study = create_study(sampler=sampler())
        study.optimize(objective, n_trials=12)
        learned = study.sampler.infer_relative_search_space(study, study.trials[-1])
        assert list(learned) == ["x"]
        assert {trial.params["c"] for trial in study.trials} <= {1.0, 2.0}


PARAMETERS: list[dict[str, Any]] = [
    {"name": "x", "type": "float", "min": -1.0, "max": 1.0},
    {"name": "lr", "type": "float", "min": 1e-5, "max": 1e-1, "log": True},
    {"name": "layers", "type": "int", "min": 1, "max": 3},
    {
        "name": "width",
        "type": "int",
        "min": 4,
        "max": 64,
        "when": [{"parameter": "layers", "values": [2, 3]}],
    },
    {"name": "kind", "type": "fixed", "value": "a"},
]
SPEC = Spec.from_json(
    {
        "name": "s",
        "executor": "external",
        "search_space": {"parameters": PARAMETERS},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "cmaes", "seed": 7},
        "pruning": {"algorithm": "none"},
    }
)


def history() -> History:
    return History(SPEC, Space.from_json(PARAMETERS))


def ask(of: History, number: int, running: list[Past] | None = None) -> Past:
    found = suggest(of, Question(number, of.revision, running or []))
    notes = json.loads(json.dumps(found.notes))
    return Past(number, TrialState.RUNNING, found.parameters, notes=notes)


def ended(trial: Past, state: TrialState = TrialState.COMPLETED) -> Past:
    p = trial.parameters
    loss = (
        abs(float(p["x"]) - 0.7)
        + abs(float(p["lr"]) - 1e-3)
        + abs(float(p.get("width", 0)) - 32) / 64
    )
    values = [loss] if state is TrialState.COMPLETED else None
    return Past(trial.number, state, p, values, notes=trial.notes)


def searched(trials: int) -> list[Past]:
    of, found = history(), []
    for number in range(trials):
        found.append(ended(ask(of, number)))
        of.add(found[-1], number + 1)
    return found


def generation(trial: Past) -> int:
    number: int = trial.notes["trial"]["cmaes:generation"]
    return number


def test_it_finds_its_way_in_a_conditional_space_of_numbers() -> None:
    trials = searched(120)
    for trial in trials:
        Space.from_json(PARAMETERS).check(trial.parameters)
    losses = [trial.values[0] for trial in trials if trial.values is not None]
    assert sorted(losses[-20:])[10] < min(losses[:20])
    generations = [generation(trial) for trial in trials]
    assert generations == sorted(generations)
    assert generations.count(0) == 8


def test_a_history_built_anew_suggests_the_same() -> None:
    trials = searched(40)
    for restart_at in (1, 8, 9, 25, 39):
        again = history()
        for trial in trials[:restart_at]:
            again.add(trial, trial.number + 1)
        assert ask(again, restart_at).parameters == trials[restart_at].parameters


def test_what_a_running_trial_noted_is_not_forgotten() -> None:
    of = history()
    for trial in searched(8):
        of.add(trial, trial.number + 1)
    first = ask(of, 8)
    second = ask(of, 9, running=[first])
    assert generation(first) == generation(second) == 1
    assert "cmaes:state" in first.notes["trial"]
    assert "cmaes:state" not in second.notes["trial"]
    assert first.parameters != second.parameters


def test_pruned_trials_fill_a_generation_and_failed_ones_do_not() -> None:
    trials = searched(8)
    for state, after in ((TrialState.PRUNED, 1), (TrialState.FAILED, 0)):
        of = history()
        for trial in trials:
            of.add(ended(trial, state if trial.number < 3 else TrialState.COMPLETED), 1)
        assert generation(ask(of, 8)) == after
