"""What a trial's page says of how it ended, and of what it was given."""

from typing import Any

import pytest

from tests.unit.dashboard.studies import study
from tuner_service.dashboard.trial_facts import (
    ended_early,
    fate,
    origin,
    planned_epochs,
    settings,
    took,
)

PARAMETERS: list[dict[str, Any]] = [
    {"name": "rate", "type": "float", "min": 1e-4, "max": 1e-2, "log": True, "default": 1e-3},
    {"name": "depth", "type": "int", "min": 1, "max": 5, "default": 2},
    {"name": "kind", "type": "choice", "choices": ["a", "b"], "default": "a"},
    {"name": "api", "type": "fixed", "value": "functional"},
    {"name": "training.epochs", "type": "int", "min": 5, "max": 50},
]
SEARCHED = {"epochs": {"min": 5, "max": 50}, "batch_size": 32}


def trial(state: str, why: str | None = None, **changes: Any) -> dict[str, Any]:
    line = {"what": state, "detail": why}
    given: dict[str, Any] = {"state": state, "epochs": 3, "attempt": 1, "error": None}
    return {"parameters": {}, "history": [line], **given, **changes}


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (trial("completed", epochs=30), "Trained all of its 30 epochs."),
        (trial("completed", epochs=1), "Trained 1 epoch."),
        (trial("completed", "stopped early after epoch 2"), "Stopped early after epoch 2."),
        (
            trial("completed", "training.max_seconds (9 s) passed after epoch 2"),
            "training.max_seconds (9 s) passed after epoch 2.",
        ),
        (trial("pruned", "best x 0.1 by epoch 2"), "Pruned: best x 0.1 by epoch 2."),
        (trial("failed", "gone", error="gone wrong!\nmore"), "Gone wrong!"),
        (trial("cancelled", "by a user"), "Cancelled by a user."),
        (trial("cancelled", "the study failed"), "Cancelled: the study failed."),
        (trial("queued", "by a user", attempt=0), "It waits for a worker."),
        (trial("queued", "it died"), "It waits for a worker. It died."),
    ],
)
def test_how_a_trial_ended_is_a_sentence(of: dict[str, Any], says: str) -> None:
    assert fate(study(), of) == says


SUGGESTION: dict[str, Any] = {"running": [], "fixed": [], "duplicates": []}


@pytest.mark.parametrize(
    ("by", "suggestion", "says"),
    [
        ("search", SUGGESTION, "Chosen by the search (random)."),
        ("search", None, "Chosen by the search (random)."),
        (
            "search",
            {**SUGGESTION, "running": [3, 4], "duplicates": [1]},
            "Chosen by the search (random), beside 2 running trials; "
            "drawn anew, since trial 1 had what came first.",
        ),
        ("user", None, "Queued by a user."),
        ("user", {**SUGGESTION, "fixed": ["rate", "depth"]}, "Queued by a user."),
        (
            "user",
            {**SUGGESTION, "fixed": ["rate"]},
            "Queued by a user; what they left open was searched.",
        ),
    ],
)
def test_where_parameters_come_from(by: str, suggestion: dict[str, Any] | None, says: str) -> None:
    given = {"rate": 1e-3, "depth": 2}
    of = trial("completed", origin=by, suggestion=suggestion, parameters=given)
    assert origin(study(), of) == says


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(130.0, "2 min 10 s"), (10.0, "10 s, and waited 2 min"), (None, None)],
)
def test_what_a_trial_waited_is_told_apart(seconds: float | None, says: str | None) -> None:
    times = {"started_at": "2026-01-01T10:00:00.000Z", "finished_at": "2026-01-01T10:02:10.000Z"}
    assert took(trial("completed", seconds=seconds, **times)) == says


def test_only_an_end_before_the_last_epoch_is_early() -> None:
    assert ended_early(study(), trial("completed", epochs=30)) is None
    assert ended_early(study(), trial("completed", epochs=4)) == "ended early"
    assert ended_early(study(), trial("completed", "out of time", epochs=4)) == "out of time"
    assert ended_early(study(), trial("running")) is None
    assert ended_early(study(), trial("pruned", "so")) == "pruned"


def test_the_planned_epochs_may_be_searched_and_are_not_known_of_other_programs() -> None:
    searched = trial("running", parameters={"training.epochs": 7})
    assert planned_epochs(study(PARAMETERS, training=SEARCHED), searched) == 7
    assert planned_epochs(study(executor="external", training=None), searched) is None


def test_settings_say_where_in_its_range_a_value_is_and_whether_it_is_the_usual_one() -> None:
    given = {"rate": 1e-3, "depth": 5, "kind": "b", "api": "functional"}
    found = {each.name: each for each in settings(study(PARAMETERS), trial("x", parameters=given))}
    assert list(found) == ["rate", "depth", "kind", "api"]
    assert found["rate"].place == pytest.approx(0.5)
    assert found["depth"].place == 1.0
    assert [name for name, each in found.items() if each.differs] == ["depth", "kind"]
    assert found["rate"].about == "0.0001 to 0.01, on a logarithmic scale"
    assert (found["kind"].about, found["api"].about) == ("a, b", "fixed")
