"""Claiming: what is handed out, to whom, in which order, and once."""

import threading

import httpx
import pytest
from sqlalchemy import insert, select

from tests.contract.studies import Json, claimed, finish, opened, path, progress
from tuner_service.service.setup import Service
from tuner_service.service.work import claims
from tuner_service.storage import studies, tables


def test_a_claim_hands_out_a_candidate_of_the_space_under_a_lease(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    assert (trial["study"], trial["number"], trial["attempt"]) == ("demo", 0, 1)
    assert trial["lease_seconds"] == 60
    assert trial["resume"] is None
    assert ("depth" in trial["parameters"]) == (trial["parameters"]["kind"] == "b")
    shown = api.get(path(trial)).json()
    assert (shown["state"], shown["worker"], shown["origin"]) == ("running", "w1", "search")
    assert [line["what"] for line in shown["history"]] == ["claimed"]


def test_the_same_key_gets_the_same_trial_and_another_body_is_refused(api: httpx.Client) -> None:
    opened(api)
    body = {"worker": "w1", "key": "once", "study": "demo"}
    first, again = api.post("/v1/claims", json=body), api.post("/v1/claims", json=body)
    assert first.json() == again.json()
    assert progress(api)["running"] == 1
    other = api.post("/v1/claims", json=body | {"worker": "w2"})
    assert other.status_code == 422
    assert other.json()["code"] == "key_reused"


def test_no_work_is_204_and_waiting_ends_when_work_comes(api: httpx.Client) -> None:
    opened(api, budget={"trials": 1})
    trial = claimed(api)
    body = {"worker": "w2", "key": "wait", "study": "demo", "wait_seconds": 30}
    assert api.post("/v1/claims", json=body | {"key": "now", "wait_seconds": 0}).status_code == 204
    got: list[httpx.Response] = []
    waiter = threading.Thread(
        target=lambda: got.append(api.post("/v1/claims", json=body, timeout=40))
    )
    waiter.start()
    api.post(path(trial, "release"), json={"attempt": 1})
    waiter.join(40)
    assert got[0].status_code == 200
    assert got[0].json()["attempt"] == 2


def test_keras_studies_go_to_registered_workers_that_can_serve_them(api: httpx.Client) -> None:
    api.post("/v1/studies", json={"name": "keras", "search_space": "dense", "dataset": "digits"})
    unknown = api.post("/v1/claims", json={"worker": "w1", "key": "a"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_worker")
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["breast_cancer"]})
    assert api.post("/v1/claims", json={"worker": "w1", "key": "b"}).status_code == 204
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    trial = api.post("/v1/claims", json={"worker": "w1", "key": "c"}).json()
    assert (trial["study"], trial["search_space"], trial["dataset"]) == ("keras", "dense", "digits")
    assert isinstance(trial["seed"], int)
    fleet = api.get("/v1/workers").json()["items"]
    assert fleet[0]["training"] == [{"study": "keras", "number": 0, "attempt": 1}]


def test_external_studies_are_not_handed_out_without_their_name(api: httpx.Client) -> None:
    opened(api)
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    assert api.post("/v1/claims", json={"worker": "w1", "key": "a"}).status_code == 204


def test_max_parallel_bounds_the_running_trials(api: httpx.Client) -> None:
    opened(api, max_parallel=1)
    trial = claimed(api)
    assert (
        api.post("/v1/claims", json={"worker": "w", "key": "x", "study": "demo"}).status_code == 204
    )
    finish(api, trial, values={"loss": 1.0})
    assert claimed(api)["number"] == 1


def test_priority_goes_first_and_equals_share(api: httpx.Client) -> None:
    for name, priority in (("low", 0), ("a", 5), ("b", 5)):
        body = {"name": name, "search_space": "dense", "dataset": "digits", "priority": priority}
        api.post("/v1/studies", json=body | {"max_parallel": 2})
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    keys = [f"k{n}" for n in range(5)]
    order = [api.post("/v1/claims", json={"worker": "w1", "key": k}).json()["study"] for k in keys]
    assert order == ["a", "b", "a", "b", "low"]


def test_equal_studies_take_turns_at_a_single_slot(api: httpx.Client) -> None:
    for name in ("a", "b"):
        api.post(
            "/v1/studies", json={"name": name, "search_space": "dense", "dataset": "digits"}
        ).raise_for_status()
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    order = []
    for n in range(4):
        trial = api.post("/v1/claims", json={"worker": "w1", "key": f"k{n}"}).json()
        assert api.post(path(trial, "cancel")).status_code == 200
        order.append(trial["study"])
    assert order == ["a", "b", "a", "b"]


def test_a_slow_search_keeps_no_slot_from_other_studies(
    api: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "TURN_SECONDS", 0.05)
    for name, priority in (("slow", 5), ("quick", 0)):
        body = {"name": name, "search_space": "dense", "dataset": "digits", "priority": priority}
        api.post("/v1/studies", json=body | {"budget": {"trials": 1}}).raise_for_status()
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    with service.database.read() as connection:
        slow = studies.get(connection, "slow")
    body = {"worker": "w1", "key": "waits"}
    with service.histories.of(slow).asking:  # as while its next candidate is searched
        assert api.post("/v1/claims", json=body | {"key": "first"}).json()["study"] == "quick"
        assert api.post("/v1/claims", json=body).status_code == 204
    assert api.post("/v1/claims", json=body).json()["study"] == "slow"


def test_a_search_that_fails_keeps_no_slot_from_other_studies(
    api: httpx.Client, service: Service
) -> None:
    body = {"name": "whole", "search_space": "dense", "dataset": "digits", "budget": {"trials": 1}}
    api.post("/v1/studies", json=body).raise_for_status()
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["digits"]})
    with service.database.write() as connection:  # Optuna does not take it, and opening refuses it
        space = [{"name": "x", "type": "float", "min": 1, "max": 9, "step": 1, "log": True}]
        row = connection.execute(select(tables.studies)).mappings().one()
        broken = {**row, "name": "broken", "priority": 5, "space": space}
        del broken["id"]
        connection.execute(insert(tables.studies).values(broken))
    claim = {"worker": "w1", "key": "first"}
    assert api.post("/v1/claims", json=claim).json()["study"] == "whole"
    assert api.post("/v1/claims", json=claim | {"key": "second"}).status_code == 500


def test_many_claimers_get_different_trials(api: httpx.Client) -> None:
    opened(api, budget={"trials": 16}, search={"algorithm": "bayesian", "seed": 3})
    got: list[Json] = []
    threads = [threading.Thread(target=lambda: got.append(claimed(api))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trial["number"] for trial in got) == list(range(16))
    assert progress(api)["running"] == 16


def test_the_same_claim_twice_at_once_gets_one_trial(api: httpx.Client) -> None:
    opened(api, search={"algorithm": "bayesian", "seed": 1})
    body = {"worker": "w1", "key": "same", "study": "demo"}
    got: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: got.append(api.post("/v1/claims", json=body)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {reply.status_code for reply in got} == {200}
    assert {reply.json()["number"] for reply in got} == {0}
    assert progress(api)["running"] == 1


def test_a_keras_study_claimed_by_name_needs_a_worker_that_serves_it(api: httpx.Client) -> None:
    api.post("/v1/studies", json={"name": "keras", "search_space": "dense", "dataset": "digits"})
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["breast_cancer"]})
    body = {"worker": "w1", "key": "a", "study": "keras"}
    assert api.post("/v1/claims", json=body).status_code == 204
