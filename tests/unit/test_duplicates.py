"""No candidate is tried twice: what another trial has is drawn anew, until there is no other."""

from typing import Any

import pytest

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, Question, suggest

SMALL: list[dict[str, Any]] = [
    {"name": "kind", "type": "choice", "choices": ["a", "b"]},
    {"name": "flag", "type": "bool"},
    {
        "name": "rate",
        "type": "float",
        "min": 0.1,
        "max": 0.5,
        "step": 0.1,
        "when": [{"parameter": "kind", "values": ["b"]}],
    },
]
SIZE = 2 * (1 + 5)
ALGORITHMS = ["grid", "random", "quasi_random", "bayesian", "genetic", "auto"]


def history(algorithm: str, parameters: list[dict[str, Any]] = SMALL) -> History:
    spec = Spec.from_json(
        {
            "name": "s",
            "executor": "external",
            "search_space": {"parameters": parameters},
            "objectives": [{"metric": "loss", "direction": "minimize"}],
            "search": {"algorithm": algorithm, "seed": 3},
            "pruning": {"algorithm": "none"},
        }
    )
    return History(spec, Space.from_json(parameters))


def end(of: History, number: int, parameters: dict[str, Any], notes: dict[str, Any]) -> None:
    loss = float(parameters.get("rate", 0.3)) + (parameters["kind"] == "a")
    of.add(Past(number, TrialState.COMPLETED, parameters, [loss], notes=notes), number + 1)


def key(parameters: dict[str, Any]) -> tuple[Any, ...]:
    return (parameters["kind"], parameters["flag"], round(parameters.get("rate", 0), 6))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_small_space_is_gone_through_without_a_repeat_and_then_exhausted(algorithm: str) -> None:
    of = history(algorithm)
    seen, drawn_before = set(), set()
    for number in range(SIZE):
        found = suggest(of, Question(number, of.revision))
        assert not found.exhausted
        seen.add(key(found.parameters))
        assert all(twin < number for twin in found.notes.get("duplicates", []))
        drawn_before |= set(found.notes.get("duplicates", []))
        end(of, number, found.parameters, found.notes)
    assert len(seen) == SIZE
    assert drawn_before
    assert suggest(of, Question(SIZE, of.revision)).exhausted


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_runs_is_not_suggested_either(algorithm: str) -> None:
    of = history(algorithm)
    running: list[Past] = []
    for number in range(SIZE):
        found = suggest(of, Question(number, 0, running))
        running.append(Past(number, TrialState.RUNNING, found.parameters, notes=found.notes))
    assert len({key(dict(past.parameters)) for past in running}) == SIZE


def test_only_what_had_ended_at_the_revision_is_a_duplicate() -> None:
    of = history("random")
    first = suggest(of, Question(0, 0))
    end(of, 0, first.parameters, first.notes)
    assert suggest(of, Question(0, 0)) == first
    anew = suggest(of, Question(0, of.revision))
    assert anew.parameters != first.parameters
    assert anew.notes["duplicates"] == [0]


@pytest.mark.parametrize("state", [TrialState.CANCELLED, TrialState.FAILED, TrialState.PRUNED])
def test_whatever_ended_it_a_candidate_is_not_suggested_again(state: TrialState) -> None:
    of = history("bayesian")
    first = suggest(of, Question(0, 0))
    of.add(Past(0, state, first.parameters, notes=first.notes), 1)
    again = [suggest(of, Question(number, 1)) for number in range(1, 40)]
    assert all(found.parameters != first.parameters for found in again)
    assert any(found.notes.get("duplicates") == [0] for found in again)


def test_what_the_user_chose_stays_where_others_are_drawn_anew() -> None:
    of = history("random")
    rates = set()
    for number in range(5):
        found = suggest(of, Question(number, of.revision, fixed={"kind": "b", "flag": True}))
        assert (found.parameters["kind"], found.parameters["flag"]) == ("b", True)
        rates.add(found.parameters["rate"])
        end(of, number, found.parameters, found.notes)
    assert len(rates) == 5
    chosen: dict[str, Any] = {"kind": "b", "flag": True, "rate": 0.3}
    again = suggest(of, Question(5, of.revision, fixed=chosen))
    assert again.parameters == chosen
    assert "duplicates" not in again.notes


def test_where_there_is_one_candidate_it_may_be_trained_again() -> None:
    of = history("bayesian", [{"name": "kind", "type": "fixed", "value": "a"}])
    for number in range(3):
        found = suggest(of, Question(number, of.revision))
        assert (found.parameters, found.exhausted) == ({"kind": "a"}, False)
        end(of, number, found.parameters, found.notes)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_depends_on_a_step_exists_beside_it_and_true_is_not_one(algorithm: str) -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "kind", "type": "choice", "choices": [1, True]},
        {"name": "rate", "type": "float", "min": 0, "max": 0.3, "step": 0.1},
        {"name": "deep", "type": "bool", "when": [{"parameter": "rate", "values": [0.3]}]},
    ]
    of = history(algorithm, parameters)
    found = []
    for number in range(2 * (3 + 2)):
        suggestion = suggest(of, Question(number, of.revision))
        assert not suggestion.exhausted
        assert ("deep" in suggestion.parameters) == (suggestion.parameters["rate"] == 0.3)
        found.append(repr(sorted(suggestion.parameters.items())))
        end(of, number, suggestion.parameters, suggestion.notes)
    assert len(set(found)) == len(found)
    assert suggest(of, Question(len(found), of.revision)).exhausted
