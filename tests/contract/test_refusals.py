"""Studies that are refused, each with a message that names what was wrong and what is allowed."""

from importlib.util import find_spec
from typing import Any

import httpx
import pytest


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
            {
                "search": {"algorithm": "bayesian", "engine": "kriging"},
                "objectives": [
                    {"metric": "val_loss", "direction": "minimize"},
                    {"metric": "val_accuracy", "direction": "maximize"},
                ],
            },
            ["body", "search", "engine"],
            'the engine "kriging" takes one objective, got 2; "tpe" and "gp" take several',
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
            {"training": {"batch_size": {"choices": [32.5]}}},
            ["body", "training", "batch_size"],
            '"batch_size" takes integers, got 32.5',
        ),
        (
            {"training": {"epochs": {"min": 1, "max": 1e300}}},
            ["body", "training", "epochs"],
            '"epochs" must be below 2147483648, got 1e+300',
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
