"""The default candidate, built before the first trial; and metrics that no model reports."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.contract.studies import claimed, path
from tests.contract.test_catalogue import SPACE
from tuner_service.service.setup import Service
from tuner_service.storage.clock import now
from tuner_service.storage.tables import workers

FOUND = {
    "parameters": 3466,
    "memory_bytes": 90_000,
    "metrics": ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"],
    "layers": [{"name": "dense", "type": "Dense", "output_shape": [32], "parameters": 2080}],
}


def opened(api: httpx.Client, **more: Any) -> dict[str, Any]:
    """A study on a user's own family, and its first trial."""
    body = {"search_spaces": [SPACE | {"inputs": [], "outputs": []}], "datasets": ["digits"]}
    assert api.put("/v1/workers/w1", json=body).status_code == 200
    study = {"name": "s", "search_space": "mine", "dataset": "digits", "budget": {"trials": 9}}
    reply = api.post("/v1/studies", json=study | more)
    assert reply.status_code == 201, reply.text
    return claimed(api, study="s")


def report(api: httpx.Client, trial: dict[str, Any], **body: Any) -> httpx.Response:
    return api.post(path(trial, "preflight"), json={"attempt": trial["attempt"], **body})


def test_the_first_trial_asks_for_the_default_candidate(api: httpx.Client) -> None:
    trial = opened(api)
    assert trial["preflight"]["parameters"] == {"units": 32}
    assert trial["preflight"]["training"]["batch_size"] == 64
    assert claimed(api, study="s")["preflight"] is None, "one worker is enough"
    assert report(api, trial, preflight=FOUND).json() == {"verdict": "continue"}
    assert api.get("/v1/studies/s").json()["preflight"] == FOUND
    assert claimed(api, study="s")["preflight"] is None


def test_the_next_one_asks_if_the_first_did_not_answer(api: httpx.Client) -> None:
    trial = opened(api)
    api.post(path(trial, "release"), json={"attempt": trial["attempt"]})
    assert claimed(api, study="s")["preflight"] is not None


def test_the_first_of_the_running_trials_is_asked_however_often_it_is_handed_out(
    api: httpx.Client,
) -> None:
    first = opened(api)
    second = claimed(api, study="s")
    api.post(path(first, "release"), json={"attempt": first["attempt"]})
    again = claimed(api, study="s")
    assert (again["number"], second["number"]) == (0, 1)
    assert again["preflight"] is not None


def test_a_report_that_says_nothing_is_refused(api: httpx.Client) -> None:
    trial = opened(api)
    refused = report(api, trial)
    assert refused.status_code == 422
    assert 'give "preflight", or "error"' in refused.json()["detail"]
    assert api.get("/v1/studies/s").json()["state"] == "running"


def test_a_repeated_report_changes_nothing(api: httpx.Client) -> None:
    trial = opened(api)
    report(api, trial, preflight=FOUND)
    assert report(api, trial, preflight=FOUND | {"parameters": 1}).status_code == 200
    assert api.get("/v1/studies/s").json()["preflight"]["parameters"] == 3466


@pytest.mark.parametrize(
    "more",
    [
        {"objectives": [{"metric": "val_acc", "direction": "maximize"}]},
        {"training": {"early_stopping": {"monitor": "val_acc"}}},
        {"training": {"reduce_lr_on_plateau": {"monitor": "val_acc"}}},
    ],
    ids=["objective", "early_stopping", "reduce_lr_on_plateau"],
)
def test_a_metric_that_no_such_model_reports_ends_the_study_before_it_trains(
    api: httpx.Client, more: dict[str, Any]
) -> None:
    trial = opened(api, **more)
    assert report(api, trial, preflight=FOUND).json() == {"verdict": "cancel"}
    study = api.get("/v1/studies/s").json()
    assert study["state"] == "failed"
    assert study["reason"] == (
        'unknown metric "val_acc"; this model reports: '
        "accuracy, learning_rate, loss, val_accuracy, val_loss"
    )
    assert study["preflight"] == FOUND
    assert study["progress"]["cancelled"] == 1


@pytest.mark.parametrize(
    "more",
    [
        {"objectives": [{"metric": "val_acc", "direction": "maximize"}]},
        {"training": {"early_stopping": {"monitor": "val_acc"}}},
        {"training": {"reduce_lr_on_plateau": {"monitor": "val_acc"}}},
    ],
    ids=["objective", "early_stopping", "reduce_lr_on_plateau"],
)
def test_of_a_built_in_family_it_is_refused_at_once(
    api: httpx.Client, more: dict[str, Any]
) -> None:
    study = {"search_space": "dense", "dataset": "digits", **more}
    refused = api.post("/v1/studies", json=study)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_metric")
    assert 'unknown metric "val_acc"; this model reports: accuracy' in refused.json()["detail"]


def test_a_candidate_that_cannot_be_trained_ends_the_study(api: httpx.Client) -> None:
    trial = opened(api)
    assert report(api, trial, error="shapes differ").json() == {"verdict": "cancel"}
    study = api.get("/v1/studies/s").json()
    assert study["state"] == "failed"
    assert study["reason"] == "the default candidate cannot be trained: shapes differ"


def test_a_late_report_changes_nothing(api: httpx.Client) -> None:
    trial = opened(api)
    api.post(path(trial, "release"), json={"attempt": trial["attempt"]})
    claimed(api, study="s")
    refused = report(api, trial, error="shapes differ")
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_attempt")
    assert api.get("/v1/studies/s").json()["state"] == "running"


def test_a_broken_family_is_listed_and_refused(api: httpx.Client) -> None:
    broken = {"name": "mine", "status": "broken", "error": "mine.py, line 3: no such module"}
    body = {"search_spaces": [broken, "dense"], "datasets": ["digits"]}
    assert api.put("/v1/workers/w1", json=body).json()["search_spaces"] == ["dense"]
    entry = api.get("/v1/search-spaces/mine").json()
    assert (entry["status"], entry["error"]) == ("broken", broken["error"])
    refused = api.post("/v1/studies", json={"search_space": "mine", "dataset": "digits"})
    assert (refused.status_code, refused.json()["code"]) == (422, "broken_search_space")
    assert broken["error"] in refused.json()["detail"]
    # Mended, and the worker started again.
    api.put("/v1/workers/w1", json={"search_spaces": [SPACE], "datasets": ["digits"]})
    assert api.get("/v1/search-spaces/mine").json()["status"] == "ready"


def test_what_is_broken_on_one_worker_is_served_by_another(api: httpx.Client) -> None:
    api.put("/v1/workers/w1", json={"search_spaces": [SPACE], "datasets": ["digits"]})
    broken = {"name": "mine", "status": "broken", "error": "no such module"}
    api.put("/v1/workers/w2", json={"search_spaces": [broken], "datasets": ["digits"]})
    entry = api.get("/v1/search-spaces/mine").json()
    assert entry["status"] == "ready"
    assert entry["parameters"][0]["name"] == "units"


def test_a_worker_that_is_gone_serves_nothing(api: httpx.Client, service: Service) -> None:
    api.put("/v1/workers/w1", json={"search_spaces": [SPACE], "datasets": ["mnist"]})
    with service.database.write() as connection:
        connection.execute(update(workers).values(last_seen=now() - 3600))
    assert api.get("/v1/datasets/mnist").json()["status"] == "not here"
    broken = {"name": "mine", "status": "broken", "error": "no such module"}
    api.put("/v1/workers/w2", json={"search_spaces": [broken], "datasets": ["digits"]})
    assert api.get("/v1/search-spaces/mine").json()["status"] == "broken"


def test_data_that_needs_a_file_is_ready_where_a_worker_has_it(api: httpx.Client) -> None:
    entry = api.get("/v1/datasets/mnist").json()
    assert entry["status"] == "not here"
    assert "mnist.npz" in entry["error"]
    study = {"search_space": "dense", "dataset": "mnist"}
    refused = api.post("/v1/studies", json=study)
    assert (refused.status_code, refused.json()["code"]) == (422, "dataset_not_here")
    assert entry["error"] in refused.json()["detail"]
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["mnist"]})
    assert api.get("/v1/datasets/mnist").json()["status"] == "ready"
    assert api.post("/v1/studies", json=study).status_code == 201
