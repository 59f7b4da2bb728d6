"""What users do with trials: queue candidates, cancel, list."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.contract.studies import Json, claimed, completed, finish, opened, path
from tuner_service.service.setup import Service
from tuner_service.storage.tables import trials


def test_a_queued_candidate_comes_next_with_the_rest_searched(api: httpx.Client) -> None:
    opened(api)
    queued = api.post("/v1/studies/demo/trials", json={"parameters": {"x": 0.125, "kind": "b"}})
    assert queued.status_code == 201
    assert (queued.json()["state"], queued.json()["origin"]) == ("queued", "user")
    trial = claimed(api)
    assert trial["number"] == queued.json()["number"]
    assert (trial["parameters"]["x"], trial["parameters"]["kind"]) == (0.125, "b")
    assert 1 <= trial["parameters"]["depth"] <= 4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"y": 1}, 'unknown parameter "y"; known: depth, kind, x'),
        ({"x": 2.0}, 'parameter "x" got 2.0; allowed: a number from 0 to 1'),
        ({"kind": "c"}, 'parameter "kind" got "c"; allowed: "a", "b"'),
        ({"depth": 2}, 'parameter "depth" exists only under some values of "kind": give that too'),
        ({"kind": "a", "depth": 2}, 'parameter "depth" exists only when "kind" is "b", got "a"'),
    ],
)
def test_a_candidate_outside_of_the_space_is_refused(
    api: httpx.Client, parameters: Json, message: str
) -> None:
    opened(api)
    reply = api.post("/v1/studies/demo/trials", json={"parameters": parameters})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["msg"] == message


def test_a_candidate_beyond_the_budget_is_refused(api: httpx.Client) -> None:
    opened(api, budget={"trials": 1})
    assert api.post("/v1/studies/demo/trials", json={"parameters": {}}).status_code == 201
    spent = api.post("/v1/studies/demo/trials", json={"parameters": {}})
    assert (spent.status_code, spent.json()["code"]) == (409, "budget_spent")


def test_a_candidate_may_extend_a_budget_that_is_spent(api: httpx.Client) -> None:
    opened(api, budget={"trials": 1})
    completed(api, 1.0)
    body = {"parameters": {"x": 0.25}, "extend": True}
    queued = api.post("/v1/studies/demo/trials", json=body).raise_for_status().json()
    study = api.get("/v1/studies/demo").json()
    assert (study["state"], study["progress"]["budget"]) == ("running", 2)
    assert claimed(api)["number"] == queued["number"] == 1
    # Where there is room it takes what there is; and one that is refused extends nothing.
    api.post("/v1/studies/demo/extend", json={"trials": 1})
    assert api.post("/v1/studies/demo/trials", json=body).status_code == 201
    assert api.post("/v1/studies/demo/trials", json=body | {"parameters": {"x": 2}}).is_error
    assert api.get("/v1/studies/demo").json()["progress"]["budget"] == 3


def test_a_candidate_of_an_exhausted_space_can_be_tried_once_more(api: httpx.Client) -> None:
    space = {"parameters": [{"name": "x", "type": "bool"}]}
    opened(api, search_space=space, search={"algorithm": "random"}, budget={"trials": 5})
    for _ in range(2):
        completed(api, 1.0)
    body = {"worker": "w1", "key": "none-left", "study": "demo"}
    assert api.post("/v1/claims", json=body).status_code == 204
    assert api.get("/v1/studies/demo").json()["reason"] == "every candidate has been tried"
    again = {"parameters": {"x": True}, "extend": True}
    api.post("/v1/studies/demo/trials", json=again).raise_for_status()
    trial = claimed(api)
    assert (trial["number"], trial["parameters"]) == (2, {"x": True})


def test_one_trial_can_be_cancelled(api: httpx.Client) -> None:
    opened(api, budget={"trials": 2})
    trial = claimed(api)
    assert api.post(path(trial, "cancel")).json()["state"] == "cancelled"
    assert api.post(path(trial, "heartbeat"), json={"attempt": 1}).json() == {"verdict": "cancel"}
    assert api.post(path(trial, "cancel")).status_code == 409
    completed(api, 1.0)
    assert api.get("/v1/studies/demo").json()["state"] == "completed"


def test_trials_are_ordered_filtered_and_paged(api: httpx.Client) -> None:
    opened(api, budget={"trials": 6})
    for loss in (0.3, 0.1, 0.2):
        completed(api, loss)
    claimed(api)
    found = api.get("/v1/studies/demo/trials?order_by=value").json()["items"]
    assert [trial["number"] for trial in found] == [1, 2, 0, 3]
    found = api.get("/v1/studies/demo/trials?order_by=-value&limit=2").json()
    assert [trial["number"] for trial in found["items"]] == [0, 2]
    assert found["next_cursor"]
    found = api.get("/v1/studies/demo/trials?state=running&state=queued").json()
    assert [trial["number"] for trial in found["items"]] == [3]
    assert api.get("/v1/studies/demo/trials?order_by=beauty").status_code == 422


def hours_ago(service: Service, hours: float) -> None:
    """Let all that was noted of trials have happened so much earlier."""
    earlier = {c: c - hours * 3600 for c in (trials.c.started_at, trials.c.claimed_at)}
    with service.database.write() as connection:
        connection.execute(update(trials).values(earlier))


def test_a_trial_took_what_its_attempts_took_and_not_what_it_waited(
    api: httpx.Client, service: Service
) -> None:
    opened(api, budget={"trials": 3})
    waited, at_once, given_up = (claimed(api) for _ in range(3))
    for trial in (waited, given_up):
        hours_ago(service, 1)
        api.post(path(trial, "release"), json={"attempt": 1}).raise_for_status()
        hours_ago(service, 5)
    again = claimed(api)
    assert (again["number"], again["attempt"]) == (0, 2)
    hours_ago(service, 0.5)
    for trial in (again, at_once):
        finish(api, trial, values={"loss": 0.5}).raise_for_status()
    api.post(path(given_up, "cancel")).raise_for_status()
    shown = api.get("/v1/studies/demo/trials?order_by=seconds").json()["items"]
    assert [trial["number"] for trial in shown] == [0, 2, 1]
    hours = [round(trial["seconds"] / 3600, 2) for trial in shown]
    assert hours == [1.5, 7.0, 12.5]
    table = api.get("/studies/demo/table?order_by=seconds").json()["rows"]
    assert [trial["seconds"] for trial in table] == [trial["seconds"] for trial in shown]
    pace = api.get("/studies/demo/charts/pace").json()
    assert round(pace["each"] / 3600, 2) == 7.0


ORDERS = ("number", "value", "epochs", "started_at", "seconds", "state", "model_parameters")


def test_pages_of_trials_are_the_parts_of_the_whole_list(api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    for loss in (0.3, 0.1, 0.1, 0.2):
        completed(api, loss)
    for _ in range(3):
        claimed(api)
    for order_by in [sign + order for order in ORDERS for sign in ("", "-")]:
        whole = api.get("/v1/studies/demo/trials", params={"order_by": order_by}).json()["items"]
        assert len(whole) == 7
        assert paged(api, order_by=order_by) == [trial["number"] for trial in whole], order_by


def paged(api: httpx.Client, **query: str) -> list[int]:
    """The numbers of the demo's trials, asked for two at a time."""
    found: list[int] = []
    page: Json = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        asked = {"limit": 2, "cursor": page["next_cursor"], **query}
        page = api.get("/v1/studies/demo/trials", params=asked).json()
        found += [trial["number"] for trial in page["items"]]
    return found


def test_a_trial_that_ends_between_two_pages_hides_no_other(api: httpx.Client) -> None:
    opened(api)
    running = [claimed(api) for _ in range(4)]
    first = api.get("/v1/studies/demo/trials?state=running&limit=2").json()
    finish(api, running[0], values={"loss": 1.0})
    query = {"state": "running", "limit": 2, "cursor": first["next_cursor"]}
    second = api.get("/v1/studies/demo/trials", params=query).json()
    assert [trial["number"] for trial in second["items"]] == [2, 3]


def test_a_cursor_is_of_one_order(api: httpx.Client) -> None:
    opened(api)
    for _ in range(3):
        claimed(api)
    cursor = api.get("/v1/studies/demo/trials?limit=2").json()["next_cursor"]
    query = {"order_by": "-value", "cursor": cursor}
    refused = api.get("/v1/studies/demo/trials", params=query)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"] == ["query", "cursor"]


@pytest.mark.parametrize(
    ("order_by", "key", "status"),
    [
        ("number", ["number", 2**63 - 1, 3], 200),
        ("epochs", ["epochs", 0.5, 3], 200),
        ("number", ["number", 2**63, 3], 200),
        ("state", ["state", 1, 3], 422),
        ("number", ["number", "running", 3], 422),
        ("number", ["number", 1, 2**40], 422),
        ("number", 7, 422),
    ],
)
def test_a_cursor_that_somebody_made_up_is_a_place_or_refused(
    api: httpx.Client, order_by: str, key: Any, status: int
) -> None:
    opened(api)
    claimed(api)
    cursor = urlsafe_b64encode(json.dumps(key).encode()).decode()
    query = {"order_by": order_by, "cursor": cursor}
    assert api.get("/v1/studies/demo/trials", params=query).status_code == status
