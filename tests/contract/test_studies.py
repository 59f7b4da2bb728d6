"""Opening and steering studies."""

import itertools
import threading
from importlib.util import find_spec
from typing import Any

import httpx
import pytest

from tests.contract.studies import (
    claimed,
    completed,
    external,
    finish,
    opened,
    path,
    progress,
    report,
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


def test_the_documented_example_is_accepted(api: httpx.Client) -> None:
    example = api.get("/openapi.json").json()["components"]["schemas"]["StudyRequest"]["examples"][
        0
    ]
    reply = api.post("/v1/studies", json=example)
    assert reply.status_code == 201, reply.text
    by_name = {p["name"]: p for p in reply.json()["space"]["parameters"]}
    assert (by_name["learning_rate"]["min"], by_name["learning_rate"]["max"]) == (1e-4, 1e-2)
    assert by_name["batch_norm"] == {"name": "batch_norm", "type": "fixed", "value": True}


@pytest.mark.parametrize(
    ("changes", "loc", "message"),
    [
        (
            {"search_space": "convnt"},
            ["body", "search_space"],
            'unknown search space "convnt"; known: dense',
        ),
        (
            {"dataset": "digts"},
            ["body", "dataset"],
            'unknown dataset "digts"; known: breast_cancer',
        ),
        ({"dataset": None}, ["body", "dataset"], "a dataset is required"),
        ({"surprise": 1}, ["body", "surprise"], 'unknown field "surprise"'),
        (
            {"overrides": {"learning_rat": {"min": 1}}},
            ["body", "overrides", "learning_rat"],
            'unknown parameter "learning_rat"; known: ',
        ),
        (
            {"overrides": {"learning_rate": {"min": 1, "max": 0.1}}},
            ["body", "overrides", "learning_rate", "min"],
            "min 1 above max 0.1",
        ),
        (
            {"overrides": {"optimizer": {"choices": ["adam", "adamm"]}}},
            ["body", "overrides", "optimizer", "choices"],
            'got "adamm"; allowed: ',
        ),
        (
            {"search": {"algorithm": "bayes"}},
            ["body", "search", "algorithm"],
            "Input should be 'auto', 'bayesian', 'cmaes', 'genetic', 'grid', 'quasi_random' or 'random' (got 'bayes')",
        ),
        (
            {"search": {"algorithm": "random", "population": 10}},
            ["body", "search", "population"],
            '"population" is an option of genetic and cmaes, not of "random"',
        ),
        (
            {"search": {"algorithm": "cmaes"}},
            ["body", "search", "algorithm"],
            '"activation" is a choice: give it "value" in the overrides, or search with genetic',
        ),
        (
            {"search": {"algorithm": "bayesian", "tournament": 3}},
            ["body", "search", "tournament"],
            '"tournament" is an option of genetic, not of "bayesian"',
        ),
        (
            {"search": {"algorithm": "genetic", "engine": "gp"}},
            ["body", "search", "engine"],
            '"engine" is an option of bayesian, not of "genetic"',
        ),
        (
            {"search": {"algorithm": "genetic", "mutation_rate": 1.5}},
            ["body", "search", "mutation_rate"],
            "less than or equal to 1 (got 1.5)",
        ),
        (
            {
                "search": {"algorithm": "genetic", "tournament": 3},
                "objectives": [
                    {"metric": "val_accuracy", "direction": "maximize"},
                    {"metric": "val_loss", "direction": "minimize"},
                ],
            },
            ["body", "search", "tournament"],
            '"tournament" is an option of genetic with one objective; got 2',
        ),
        ({"search": {"algorithm": "grid"}}, ["body", "search", "algorithm"], "is continuous"),
        (
            {"pruning": {"algorithm": "median", "patience": 2}},
            ["body", "pruning", "patience"],
            '"patience" is no option of "median"; those are: ',
        ),
        (
            {"pruning": {"algorithm": "none", "warmup_epochs": 2}},
            ["body", "pruning", "warmup_epochs"],
            '"warmup_epochs" is no option of "none"; it has none',
        ),
        (
            {
                "pruning": {
                    "algorithm": "patient",
                    "wraps": "threshold",
                    "lower": 1,
                    "min_trials": 2,
                }
            },
            ["body", "pruning", "min_trials"],
            '"min_trials" is no option of "patient"',
        ),
        (
            {"pruning": {"algorithm": "threshold"}},
            ["body", "pruning", "lower"],
            'a threshold needs "lower", "upper" or both',
        ),
        (
            {"pruning": {"algorithm": "threshold", "lower": 2.0, "upper": 1.0}},
            ["body", "pruning", "lower"],
            "must not be above upper; got 2 and 1",
        ),
        (
            {"pruning": {"algorithm": "hyperband", "min_epochs": 40}},
            ["body", "pruning", "max_epochs"],
            "must be at least min_epochs (40), got 30",
        ),
        ({"name": "Not A Name"}, ["body", "name"], "allowed are up to 63 lower-case letters"),
        (
            {"budget": {"trials": 0}},
            ["body", "budget", "trials"],
            "greater than or equal to 1 (got 0)",
        ),
        (
            {"training": {"early_stopping": {"patiense": 3}}},
            ["body", "training", "early_stopping", "patiense"],
            'unknown field "patiense"',
        ),
        (
            {"training": {"batch_size": {"choices": [32, 0]}}},
            ["body", "training", "batch_size"],
            '"batch_size" must be at least 1, got 0',
        ),
        (
            {"training": {"reduce_lr_on_plateau": {"factor": 1.5}}},
            ["body", "training", "reduce_lr_on_plateau", "factor"],
            '"factor" must be above 0 and below 1, got 1.5',
        ),
        (
            {"training": {"batch_size": {"min": 64, "max": 8}}},
            ["body", "training"],
            "min 64 above max 8",
        ),
    ],
)
def test_a_wrong_study_is_refused_with_a_message_that_names_it(
    api: httpx.Client, changes: dict[str, Any], loc: list[str], message: str
) -> None:
    body = {"name": "wrong", "search_space": "dense", "dataset": "digits"} | changes
    reply = api.post("/v1/studies", json=body)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert {"type", "title", "status", "detail", "code", "errors"} <= problem.keys()
    found = [error for error in problem["errors"] if error["loc"] == loc]
    assert found, problem
    assert message in found[0]["msg"]
    assert api.get("/v1/studies/wrong").status_code == 404


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
def test_an_engine_that_is_not_installed_is_refused_with_what_to_install(api: httpx.Client) -> None:
    search = {"algorithm": "bayesian", "engine": "gp"}
    body = {"search_space": "dense", "dataset": "digits", "search": search}
    reply = api.post("/v1/studies", json=body)
    assert reply.status_code == 422, reply.text
    (error,) = reply.json()["errors"]
    assert error["loc"] == ["body", "search", "engine"]
    assert 'pip install "tuner-service[gp]"' in error["msg"]


def test_a_family_that_cannot_take_the_data_is_refused_saying_what_each_is(
    api: httpx.Client,
) -> None:
    reply = api.post(
        "/v1/studies", json={"search_space": "separable_convnet", "dataset": "breast_cancer"}
    )
    assert reply.status_code == 422
    assert reply.json()["code"] == "misfit"
    assert "image" in reply.json()["detail"]
    assert "vector" in reply.json()["detail"]


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


def test_pause_hands_out_nothing_and_tells_running_trials(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    assert api.post("/v1/studies/demo/pause").json()["state"] == "paused"
    assert report(api, trial, 0, 0.5).json() == {"verdict": "pause"}
    assert (
        api.post("/v1/claims", json={"worker": "w", "key": "p", "study": "demo"}).status_code == 204
    )
    assert api.post(path(trial, "release"), json={"attempt": 1}).json()["state"] == "queued"
    assert progress(api)["queued"] == 1
    assert api.post("/v1/studies/demo/resume").json()["state"] == "running"
    again = claimed(api)
    assert (again["number"], again["attempt"]) == (0, 2)
    assert again["parameters"] == trial["parameters"]


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_a_study_that_is_over_cannot_be_steered(api: httpx.Client, action: str) -> None:
    opened(api)
    assert api.post("/v1/studies/demo/cancel").status_code == 200
    reply = api.post(f"/v1/studies/demo/{action}")
    assert reply.status_code == 409
    assert reply.json()["code"] == "illegal_transition"
    assert "demo" in reply.json()["detail"]


def test_cancel_ends_open_trials_at_once(api: httpx.Client) -> None:
    opened(api)
    running = claimed(api)
    api.post("/v1/studies/demo/trials", json={"parameters": {"x": 0.25}})
    study = api.post("/v1/studies/demo/cancel").json()
    assert study["state"] == "cancelled"
    assert study["progress"]["cancelled"] == 2
    assert report(api, running, 0, 0.5).json() == {"verdict": "cancel"}
    assert api.get(path(running)).json()["epochs"] == 0
    assert finish(api, running, values={"loss": 1.0}).status_code == 409


def test_a_study_completes_with_its_budget_and_goes_on_when_extended(api: httpx.Client) -> None:
    opened(api, budget={"trials": 2})
    completed(api, 0.5)
    completed(api, 0.25)
    study = api.get("/v1/studies/demo").json()
    assert study["state"] == "completed"
    assert study["best"]["trial"] == 1
    assert study["best"]["values"] == {"loss": 0.25}
    extended = api.post("/v1/studies/demo/extend", json={"trials": 1}).json()
    assert (extended["state"], extended["progress"]["budget"]) == ("running", 3)
    completed(api, 0.75)
    study = api.get("/v1/studies/demo").json()
    assert (study["state"], study["progress"]["completed"]) == ("completed", 3)


def test_three_failures_without_a_success_end_the_study_with_the_reason(api: httpx.Client) -> None:
    opened(api)
    for _ in range(3):
        trial = claimed(api)
        assert finish(api, trial, state="failed", error="no such layer").status_code == 200
    study = api.get("/v1/studies/demo").json()
    assert study["state"] == "failed"
    assert "no such layer" in study["reason"]
    assert api.post("/v1/studies/demo/extend", json={"trials": 1}).status_code == 409


def test_a_success_keeps_a_study_with_failures_running(api: httpx.Client) -> None:
    opened(api)
    completed(api, 1.0)
    for _ in range(3):
        finish(api, claimed(api), state="failed", error="x")
    assert api.get("/v1/studies/demo").json()["state"] == "running"


def test_a_study_is_deleted_only_while_no_trial_runs(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    refused = api.delete("/v1/studies/demo")
    assert refused.status_code == 409
    assert refused.json()["code"] == "trials_running"
    finish(api, trial, values={"loss": 1.0})
    assert api.delete("/v1/studies/demo").status_code == 204
    assert api.get("/v1/studies/demo").status_code == 404
    opened(api)
    assert claimed(api)["number"] == 0


def test_a_time_budget_ends_a_study(api: httpx.Client) -> None:
    opened(api, budget={"trials": 100, "seconds": 0.05})
    claim = {"worker": "w", "study": "demo", "wait_seconds": 2}
    for key in itertools.count():
        reply = api.post("/v1/claims", json=claim | {"key": str(key)})
        if reply.status_code == 204:
            break
        finish(api, reply.json(), values={"loss": 1.0})
    study = api.get("/v1/studies/demo").json()
    assert study["state"] == "completed"
    assert "0.05 s" in study["reason"]


def test_lists_are_paged_and_filtered(api: httpx.Client) -> None:
    for name in ("one", "two", "three"):
        opened(api, name=name)
    api.post("/v1/studies/two/pause")
    first = api.get("/v1/studies?limit=2").json()
    assert [study["name"] for study in first["items"]] == ["three", "two"]
    second = api.get("/v1/studies", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [study["name"] for study in second["items"]] == ["one"]
    assert second["next_cursor"] is None
    assert [s["name"] for s in api.get("/v1/studies?state=paused").json()["items"]] == ["two"]
    assert api.get("/v1/studies?limit=0").status_code == 422
    assert api.get("/v1/studies?limit=1001").status_code == 422
    assert api.get("/v1/studies?cursor=nonsense").status_code == 422
    assert api.get("/v1/studies?state=asleep").status_code == 422


def test_several_objectives_have_a_pareto_front(api: httpx.Client) -> None:
    objectives = [
        {"metric": "loss", "direction": "minimize"},
        {"metric": "speed", "direction": "maximize"},
    ]
    opened(api, objectives=objectives, budget={"trials": 3})
    for loss, speed in ((1.0, 1.0), (2.0, 5.0), (3.0, 4.0)):
        finish(api, claimed(api), values={"loss": loss, "speed": speed})
    study = api.get("/v1/studies/demo").json()
    assert [entry["trial"] for entry in study["pareto_front"]] == [0, 1]
    assert study["best"]["trial"] == 0


def test_importance_names_the_parameter_that_matters(api: httpx.Client) -> None:
    opened(api, budget={"trials": 30})
    assert api.get("/v1/studies/demo/importance").json() == {"metric": "loss", "importance": {}}
    for _ in range(30):
        trial = claimed(api)
        finish(api, trial, values={"loss": trial["parameters"]["x"]})
    importance = api.get("/v1/studies/demo/importance").json()["importance"]
    assert max(importance, key=importance.__getitem__) == "x"
    assert sum(importance.values()) == pytest.approx(1.0)


def test_a_grid_ends_and_still_takes_what_a_user_queues(api: httpx.Client) -> None:
    parameters = [{"name": "kind", "type": "choice", "choices": ["a", "b"]}]
    grid = {"search_space": {"parameters": parameters}, "search": {"algorithm": "grid"}}
    study = opened(api, **grid, budget={"trials": None})
    assert study["progress"]["budget"] == 2
    for _ in range(2):
        completed(api, 1.0)
    assert api.get("/v1/studies/demo").json()["state"] == "completed"
    api.post("/v1/studies/demo/extend", json={"trials": 3})
    api.post("/v1/studies/demo/trials", json={"parameters": {}})
    assert finish(api, claimed(api), values={"loss": 0.5}).status_code == 200
    last = api.post("/v1/claims", json={"worker": "w", "key": "none-left", "study": "demo"})
    assert last.status_code == 204
    study = api.get("/v1/studies/demo").json()
    assert (study["state"], study["progress"]["budget"]) == ("completed", 3)
    assert "every candidate of the grid" in study["reason"]


def test_the_same_key_twice_at_once_opens_one_study(api: httpx.Client) -> None:
    body = external()
    del body["name"]
    replies: list[httpx.Response] = []

    def open_one() -> None:
        replies.append(api.post("/v1/studies", json=body, headers={"Idempotency-Key": "k"}))

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["name"] for reply in replies}) == 1


def test_time_that_is_spent_cannot_be_extended(api: httpx.Client) -> None:
    opened(api, budget={"trials": 2, "seconds": 1e-6})
    assert api.post(
        "/v1/claims", json={"worker": "w", "key": "x", "study": "demo"}
    ).status_code in (200, 204)
    reply = api.post("/v1/studies/demo/extend", json={"trials": 1})
    assert (reply.status_code, reply.json()["code"]) == (409, "budget_spent")


def test_a_study_of_which_no_trial_succeeded_has_failed(api: httpx.Client) -> None:
    opened(api, budget={"trials": 2})
    for number in range(2):
        finish(api, claimed(api), state="failed", error=f"mistake {number}")
    study = api.get("/v1/studies/demo").json()
    assert study["state"] == "failed"
    assert study["reason"] == "none of its trials succeeded, 2 failed; the last: mistake 1"
