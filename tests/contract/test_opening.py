"""Opening a study: what is filled in, what is refused and why."""

from typing import Any

import httpx
import pytest

from tests.contract.studies import (
    claimed,
    external,
    opened,
)


def test_a_study_is_opened_with_every_default_filled_in(api: httpx.Client) -> None:
    reply = api.post("/v1/studies", json={"search_space": "dense", "dataset": "breast_cancer"})
    assert reply.status_code == 201
    study = reply.json()
    assert reply.headers["location"] == f"/v1/studies/{study['name']}"
    assert study["state"] == "running"
    spec = study["spec"]
    assert spec["objectives"] == [{"metric": "val_accuracy", "direction": "maximize"}]
    assert spec["search"]["algorithm"] == "auto"
    assert isinstance(spec["search"]["seed"], int)
    assert spec["pruning"] == {"algorithm": "none"}
    assert spec["training"]["early_stopping"]["monitor"] == "val_loss"
    assert study["progress"] == {
        "budget": spec["budget"]["trials"],
        "queued": 0,
        "running": 0,
        "completed": 0,
        "pruned": 0,
        "failed": 0,
        "cancelled": 0,
    }
    assert study["best"] is None
    assert {p["name"] for p in study["space"]["parameters"]} >= {"learning_rate", "optimizer"}


@pytest.mark.parametrize(
    ("epochs", "most"), [(12, 12), ({"min": 5, "max": 20}, 20), ({"choices": [9, 27, 3]}, 27)]
)
def test_rungs_end_where_training_does(api: httpx.Client, epochs: Any, most: int) -> None:
    pruning = {"algorithm": "hyperband", "min_epochs": 2}
    body = {"search_space": "dense", "dataset": "digits", "pruning": pruning}
    spec = api.post("/v1/studies", json=body | {"training": {"epochs": epochs}}).json()["spec"]
    assert spec["pruning"] == pruning | {"max_epochs": most, "reduction_factor": 3}


def test_patience_brings_the_options_of_the_rule_that_it_wraps(api: httpx.Client) -> None:
    pruning = {"algorithm": "patient", "wraps": "threshold", "upper": 2.0}
    body = {"search_space": "dense", "dataset": "digits", "pruning": pruning}
    spec = api.post("/v1/studies", json=body).json()["spec"]
    defaults = {"patience": 3, "min_delta": 0.0, "lower": None}
    assert spec["pruning"] == pruning | defaults | {"warmup_epochs": 0, "interval_epochs": 1}


def test_auto_says_what_it_picked_and_a_spec_may_be_sent_again(api: httpx.Client) -> None:
    spec = opened(api, search={"algorithm": "auto", "startup_trials": 4})["spec"]
    picked = spec["search"]["picked"]
    assert picked.pop("why").startswith("a Gaussian process needs the fewest trials")
    assert picked == {"algorithm": "bayesian", "engine": "kriging", "startup_trials": 4}
    small = {"parameters": [{"name": "flag", "type": "bool"}]}
    changed = spec | {"name": "again", "search_space": small}
    again = api.post("/v1/studies", json=changed)
    assert again.status_code == 201, again.text
    assert again.json()["spec"]["search"]["picked"] == {
        "algorithm": "grid",
        "why": "5 trials are enough for all 2 candidates of the space",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"pruning": {"algorithm": "successive_halving"}},
        {"search": {"algorithm": "genetic", "seed": 1}, "pruning": {"algorithm": "median"}},
        {"training": {"epochs": 9}, "pruning": {"algorithm": "hyperband"}},
        {"overrides": {"x": {"max": 0.5}}, "search": {"algorithm": "auto"}},
    ],
)
def test_a_spec_sent_again_under_another_name_is_the_same(
    api: httpx.Client, changes: dict[str, Any]
) -> None:
    spec = opened(api, **changes)["spec"]
    again = api.post("/v1/studies", json=spec | {"name": "again"})
    assert again.status_code == 201, again.text
    assert again.json()["spec"] == spec | {"name": "again"}


def test_the_documented_example_is_accepted(api: httpx.Client) -> None:
    example = api.get("/openapi.json").json()["components"]["schemas"]["StudyRequest"]["examples"][
        0
    ]
    reply = api.post("/v1/studies", json=example)
    assert reply.status_code == 201, reply.text
    by_name = {p["name"]: p for p in reply.json()["space"]["parameters"]}
    assert (by_name["learning_rate"]["min"], by_name["learning_rate"]["max"]) == (1e-4, 1e-2)
    assert by_name["batch_norm"] == {"name": "batch_norm", "type": "fixed", "value": True}


def test_numbers_under_training_can_be_searched(api: httpx.Client) -> None:
    training = {
        "epochs": 3,
        "batch_size": {"choices": [32, 64]},
        "early_stopping": {"monitor": "val_loss", "patience": {"min": 2, "max": 5}},
        "reduce_lr_on_plateau": None,
    }
    body = {"name": "s", "search_space": "dense", "dataset": "digits", "training": training}
    reply = api.post("/v1/studies", json=body)
    assert reply.status_code == 201, reply.text
    parameters = {p["name"]: p for p in reply.json()["space"]["parameters"]}
    assert parameters["training.batch_size"]["choices"] == [32, 64]
    assert parameters["training.early_stopping.patience"]["type"] == "int"
    registration = {"search_spaces": ["dense"], "datasets": ["digits"]}
    assert api.put("/v1/workers/w1", json=registration).status_code == 200
    trial = api.post("/v1/claims", json={"worker": "w1", "key": "k"}).json()
    assert trial["training"]["batch_size"] in (32, 64)
    assert 2 <= trial["training"]["early_stopping"]["patience"] <= 5
    assert trial["training"]["reduce_lr_on_plateau"] is None
    assert not any(name.startswith("training.") for name in trial["parameters"])


def test_integers_under_training_may_be_written_with_a_point(api: httpx.Client) -> None:
    training = {
        "epochs": {"min": 2.0, "max": 8.0, "step": 2.0},
        "batch_size": {"choices": [64.0, 128.0]},
        "early_stopping": {"patience": {"choices": [3.0]}, "min_delta": {"choices": [1.0]}},
    }
    study = opened(api, training=training, budget={"trials": 2})
    parameters = {p["name"]: p for p in study["space"]["parameters"]}
    whole = [*(parameters["training.epochs"][end] for end in ("min", "max", "step"))]
    whole += parameters["training.batch_size"]["choices"]
    candidate = {"training.batch_size": 128.0, "training.epochs": 4}
    queued = api.post("/v1/studies/demo/trials", json={"parameters": candidate})
    assert queued.status_code == 201, queued.text
    for trial in (claimed(api), claimed(api)):
        settings = trial["training"]
        whole += [
            settings["epochs"],
            settings["batch_size"],
            settings["early_stopping"]["patience"],
        ]
        assert isinstance(settings["early_stopping"]["min_delta"], float)
    assert [number for number in whole if not isinstance(number, int)] == []


def test_a_name_is_taken_once(api: httpx.Client) -> None:
    opened(api)
    reply = api.post("/v1/studies", json=external())
    assert reply.status_code == 409
    assert reply.json()["code"] == "study_exists"


def test_a_repeated_key_gets_the_same_study_and_another_body_is_refused(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "launch-1"}
    body = external()
    del body["name"]
    first = api.post("/v1/studies", json=body, headers=key)
    again = api.post("/v1/studies", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["name"] == again.json()["name"]
    other = api.post("/v1/studies", json=body | {"priority": 3}, headers=key)
    assert other.status_code == 422
    assert other.json()["code"] == "key_reused"
    assert len(api.get("/v1/studies").json()["items"]) == 1
