"""Studies on their way: steered, ended, listed, deleted."""

import itertools
import threading

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


def test_what_is_opened_between_two_pages_shows_nothing_twice(api: httpx.Client) -> None:
    for name in ("one", "two", "three", "four"):
        opened(api, name=name)
    first = api.get("/v1/studies?limit=2").json()
    opened(api, name="five")
    api.delete("/v1/studies/three").raise_for_status()
    second = api.get("/v1/studies", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [study["name"] for study in second["items"]] == ["two", "one"]
    assert second["next_cursor"] is None


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
    assert "every candidate has been tried" in study["reason"]


def test_why_a_study_will_end_outlives_a_pause(api: httpx.Client) -> None:
    parameters = [{"name": "kind", "type": "choice", "choices": ["a", "b"]}]
    opened(api, search_space={"parameters": parameters}, budget={"trials": 10})
    held = [claimed(api), claimed(api)]
    last = api.post("/v1/claims", json={"worker": "w", "key": "none-left", "study": "demo"})
    assert last.status_code == 204
    for action in ("pause", "resume"):
        steered = api.post(f"/v1/studies/demo/{action}").json()
        assert steered["reason"] == "every candidate has been tried"
    for trial in held:
        finish(api, trial, values={"loss": 1.0})
    study = api.get("/v1/studies/demo").json()
    assert (study["state"], study["reason"]) == ("completed", "every candidate has been tried")


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
