"""The search: the same question gets the same answer, in every process; candidates are of the space."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner_service.domain.space import Space
from tuner_service.domain.study import Direction, Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, Question, importance, judge, suggest
from tuner_service.search.samplers import population

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
    {"name": "flag", "type": "bool"},
    {"name": "lr", "type": "float", "min": 1e-5, "max": 1e-1, "log": True},
    {"name": "constant", "type": "fixed", "value": 3},
]


def spec_of(algorithm: str, direction: str = "minimize", **pruning: Any) -> Spec:
    return Spec.from_json(
        {
            "name": "s",
            "executor": "external",
            "search_space": {"parameters": PARAMETERS},
            "objectives": [{"metric": "loss", "direction": direction}],
            "search": {"algorithm": algorithm, "seed": 7},
            "pruning": {"algorithm": "median", **MEDIAN, **pruning},
        }
    )


MEDIAN = {"startup_trials": 2, "warmup_epochs": 0, "interval_epochs": 1, "min_trials": 1}


def loss_of(parameters: dict[str, Any]) -> float:
    return float(
        (parameters["x"] - 0.3) ** 2
        + (0.5 if parameters["kind"] == "a" else 0.1 * parameters["depth"])
    )


@dataclass
class Run:
    """A study in memory: ask, tell, ask …"""

    algorithm: str

    def __post_init__(self) -> None:
        self.spec = spec_of(self.algorithm)
        self.history = History(self.spec, Space.from_json(PARAMETERS))
        self.past: list[Past] = []

    def ask(
        self, number: int, running: list[Past] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        found = suggest(self.history, Question(number, self.history.revision, running or []))
        return found.parameters, found.notes

    def go(self, trials: int) -> list[dict[str, Any]]:
        for number in range(len(self.past), trials):
            parameters, notes = self.ask(number)
            past = Past(
                number,
                TrialState.COMPLETED,
                parameters,
                [loss_of(parameters)],
                notes=json.loads(json.dumps(notes)),
            )
            self.past.append(past)
            self.history.add(past, revision=number + 1)
        return [dict(past.parameters) for past in self.past]


@pytest.mark.parametrize("algorithm", ["random", "quasi_random", "bayesian", "genetic", "auto"])
def test_every_candidate_is_of_the_space(algorithm: str) -> None:
    space = Space.from_json(PARAMETERS)
    for parameters in Run(algorithm).go(30):
        space.check(parameters)
        assert ("depth" in parameters) == (parameters["kind"] == "b")
        assert parameters["constant"] == 3
        assert {"x", "kind", "flag", "lr"} <= parameters.keys()


@pytest.mark.parametrize("algorithm", ["random", "quasi_random", "bayesian", "genetic"])
def test_a_history_built_anew_suggests_the_same(algorithm: str) -> None:
    """What a restarted server does: it reads the same trials and is asked for the next number."""
    whole = Run(algorithm)
    candidates = whole.go(30)
    for restart_at in (1, 7, 12, 20, 29):
        again = Run(algorithm)
        for past in whole.past[:restart_at]:
            again.history.add(past, past.number + 1)
        assert again.ask(restart_at)[0] == candidates[restart_at]


@pytest.mark.parametrize("algorithm", ["bayesian", "genetic"])
def test_another_process_with_another_hash_seed_suggests_the_same(algorithm: str) -> None:
    code = (
        "import json; from tests.unit.test_search import Run; "
        f"print(json.dumps(Run({algorithm!r}).go(24)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert json.loads(outputs.pop()) == Run(algorithm).go(24)


def test_bayesian_beats_random_and_sees_running_trials() -> None:
    best = {a: min(map(loss_of, Run(a).go(60))) for a in ("random", "bayesian")}
    assert best["bayesian"] < best["random"]
    run = Run("bayesian")
    run.go(20)
    alone, _ = run.ask(20)
    beside, _ = run.ask(20, running=[Past(19 + n, TrialState.RUNNING, alone) for n in range(2, 12)])
    assert alone != beside


def test_genetic_learns_from_each_end_and_never_waits_for_what_runs() -> None:
    run = Run("genetic")
    run.go(20)
    losses = [loss_of(dict(past.parameters)) for past in run.past]
    assert np.median(losses[10:]) < np.median(losses[:8])
    alone, notes = run.ask(20)
    assert set(notes.get("genome", {})) | set(alone) == {each["name"] for each in PARAMETERS}
    others = [Past(n, TrialState.RUNNING, {**alone, "x": n / 40}) for n in range(21, 40)]
    beside, _ = run.ask(20, running=others)
    assert alone == beside
    run.history.add(Past(19, TrialState.COMPLETED, alone, [-9.0], notes=notes), revision=99)
    assert run.ask(20)[0] != alone


def test_quasi_random_depends_on_nothing_but_the_number() -> None:
    run = Run("quasi_random")
    candidates = run.go(10)
    fresh = Run("quasi_random")
    assert [fresh.ask(number)[0] for number in reversed(range(10))] == candidates[::-1]


def test_towards_several_objectives_genetic_goes_through_generations() -> None:
    spec = spec_of("genetic")
    first = spec.objective
    search = replace(spec.search, options={"population": population(40)})
    spec = replace(spec, objectives=(first, replace(first, metric="size")), search=search)
    history = History(spec, Space.from_json(PARAMETERS))
    generations = []
    for number in range(40):
        found = suggest(history, Question(number, history.revision))
        generations.append(found.notes["trial"]["NSGAIISampler:generation"])
        values = [loss_of(found.parameters), float(found.parameters["x"])]
        history.add(
            Past(number, TrialState.COMPLETED, found.parameters, values, notes=found.notes), number
        )
    assert generations == sorted(generations)
    assert max(generations) >= 4
    assert Counter(generations)[0] == population(40)


@pytest.mark.parametrize(
    ("budget", "individuals"), [(1, 4), (20, 4), (40, 6), (100, 10), (200, 14), (10_000, 50)]
)
def test_a_population_fits_its_budget(budget: int, individuals: int) -> None:
    assert population(budget) == individuals


def test_a_grid_covers_every_candidate_once_and_then_ends() -> None:
    parameters = [
        {**p, "step": 0.5} if p["name"] == "x" else p for p in PARAMETERS if p["name"] != "lr"
    ]
    space = Space.from_json(parameters)
    size = space.size()
    assert size == 5 * (1 + 5) * 2
    history = History(spec_of("grid"), space)
    seen = []
    for number in range(size):
        found = suggest(history, Question(number, history.revision))
        assert not found.exhausted
        seen.append(tuple(sorted(found.parameters.items())))
        state = TrialState.COMPLETED if number % 3 else TrialState.FAILED
        history.add(
            Past(number, state, found.parameters, [1.0] if number % 3 else None), number + 1
        )
    assert len(set(seen)) == size
    assert suggest(history, Question(size, history.revision)).exhausted
    assert Space.from_json(PARAMETERS).size() is None


@pytest.mark.parametrize("algorithm", ["random", "quasi_random", "bayesian", "genetic"])
def test_fixed_parameters_stay_and_the_rest_is_searched(algorithm: str) -> None:
    run = Run(algorithm)
    run.go(15)
    found = suggest(run.history, Question(15, 15, fixed={"kind": "b", "x": 0.5}))
    assert (found.parameters["kind"], found.parameters["x"]) == ("b", 0.5)
    assert "depth" in found.parameters


curves = st.lists(
    st.one_of(st.none(), st.floats(-5, 5), st.sampled_from([0.0, 1.0])), min_size=1, max_size=6
)


@given(
    rivals=st.lists(curves, max_size=30),
    curve=curves,
    direction=st.sampled_from(list(Direction)),
    startup=st.integers(1, 5),
    warmup=st.integers(0, 2),
    interval=st.integers(1, 3),
    min_trials=st.integers(1, 8),
)
@settings(max_examples=300, deadline=None)
def test_the_verdict_is_that_of_optunas_median_pruner_over_all_trials(
    rivals: list[list[float | None]],
    curve: list[float | None],
    direction: Direction,
    startup: int,
    warmup: int,
    interval: int,
    min_trials: int,
) -> None:
    """Ours shows Optuna only the middle of the values; its verdict over all of them is the reference."""
    options = {
        "startup_trials": startup,
        "warmup_epochs": warmup,
        "interval_epochs": interval,
        "min_trials": min_trials,
    }
    spec = spec_of("random", direction, **options)
    history = History(spec, Space(()))
    pruner = optuna.pruners.MedianPruner(startup, warmup, interval, n_min_trials=min_trials)
    study = optuna.create_study(direction=direction.value, pruner=pruner)
    for number, values in enumerate(rivals):
        history.add(Past(number, TrialState.COMPLETED, {}, [0.0], values), number + 1)
        study.add_trial(
            optuna.trial.create_trial(
                value=0.0,
                intermediate_values={e: np.nan if v is None else v for e, v in enumerate(values)},
            )
        )
    trial = study.ask()
    for epoch, value in enumerate(curve):
        trial.report(np.nan if value is None else value, epoch)
    verdict = judge(spec.pruning, history, len(rivals), curve)
    assert (verdict is not None) == trial.should_prune()


def test_importance_finds_what_matters() -> None:
    run = Run("random")
    run.go(40)
    found = importance(run.history)
    assert set(found) >= {"x", "kind", "flag", "lr"}
    assert found["flag"] < max(found["x"], found["kind"], found.get("depth", 0))
    assert importance(History(run.spec, Space.from_json(PARAMETERS))) == {}


def test_importance_says_nothing_while_all_came_out_the_same() -> None:
    run = Run("random")
    for number in range(6):
        past = Past(number, TrialState.COMPLETED, run.ask(number)[0], [0.5])
        run.history.add(past, revision=number + 1)
    assert importance(run.history) == {}
