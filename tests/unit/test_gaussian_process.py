"""Bayesian search by a Gaussian process, which is there only where PyTorch is."""

import json
from importlib.util import find_spec
from typing import Any

import pytest

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.errors import EngineMissing
from tuner_service.search import History, Past, Question, suggest

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
]
SPEC = Spec.from_json(
    {
        "name": "s",
        "executor": "external",
        "search_space": {"parameters": PARAMETERS},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "bayesian", "engine": "gp", "startup_trials": 5, "seed": 7},
        "pruning": {"algorithm": "none"},
    }
)
with_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra gp")


def history() -> History:
    return History(SPEC, Space.from_json(PARAMETERS))


def searched(trials: int) -> list[Past]:
    of, found = history(), []
    for number in range(trials):
        suggested = suggest(of, Question(number, of.revision))
        p = suggested.parameters
        loss = abs(float(p["x"]) - 0.3) + abs(float(p.get("depth", 9)) - 4)
        notes = json.loads(json.dumps(suggested.notes))
        found.append(Past(number, TrialState.COMPLETED, p, [loss], notes=notes))
        of.add(found[-1], number + 1)
    return found


@with_torch
def test_it_learns_conditional_parameters_together_with_the_others() -> None:
    trials = searched(16)
    for trial in trials:
        Space.from_json(PARAMETERS).check(trial.parameters)
    losses = [trial.values[0] for trial in trials if trial.values is not None]
    assert sorted(losses[-6:])[3] < sorted(losses[:5])[2]
    assert "depth" in {**trials[-1].parameters, **trials[-1].notes.get("genome", {})}


@with_torch
def test_a_history_built_anew_suggests_the_same() -> None:
    trials = searched(9)
    for restart_at in (4, 6, 8):
        again = history()
        for trial in trials[:restart_at]:
            again.add(trial, trial.number + 1)
        suggested = suggest(again, Question(restart_at, again.revision))
        assert suggested.parameters == trials[restart_at].parameters


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_without_pytorch_it_says_what_to_install() -> None:
    with pytest.raises(EngineMissing, match=r"pip install"):
        suggest(history(), Question(0, 0))
