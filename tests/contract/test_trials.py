"""Claiming, reporting, finishing: the worker protocol and its invariants."""

import threading
from collections.abc import Callable

import httpx
import pytest

from tests.contract.studies import (
    Json,
    claimed,
    completed,
    finish,
    opened,
    path,
    progress,
    report,
)
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import reap


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


def test_epochs_come_in_order_and_repeats_change_nothing(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    assert report(api, trial, 0, 0.9).json() == {"verdict": "continue"}
    assert report(api, trial, 0, 0.9).json() == {"verdict": "continue"}
    gap = report(api, trial, 2, 0.7)
    assert (gap.status_code, gap.json()["code"]) == (409, "epoch_out_of_order")
    assert "expects epoch 1" in gap.json()["detail"]
    other = report(api, trial, 0, 0.8)
    assert (other.status_code, other.json()["code"]) == (409, "epoch_differs")
    report(api, trial, 1, 0.7)
    listed = api.get(path(trial, "epochs")).json()["items"]
    assert [(row["epoch"], row["metrics"]) for row in listed] == [
        (0, {"loss": 0.9}),
        (1, {"loss": 0.7}),
    ]


def test_the_best_reported_epoch_counts(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    for epoch, loss in enumerate((0.9, 0.3, 0.5)):
        report(api, trial, epoch, loss, model_parameters=3466)
    ended = finish(api, trial).json()
    assert (ended["state"], ended["values"], ended["best_epoch"]) == ("completed", {"loss": 0.3}, 1)
    assert (ended["epochs"], ended["model_parameters"]) == (3, 3466)
    assert ended["seconds"] >= 0


def test_a_finish_without_a_result_is_refused(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    refused = finish(api, trial)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_result")
    assert finish(api, trial, values={"accuracy": 1.0}).status_code == 422
    assert api.get(path(trial)).json()["state"] == "running"


def test_the_history_tells_why_a_trial_completed_before_its_last_epoch(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    report(api, trial, 0, 0.5)
    why = "stopped early after epoch 0: loss had not improved for 5 epochs"
    assert finish(api, trial, detail=f"{why}\nand more\0").status_code == 200
    last = api.get(path(trial)).json()["history"][-1]
    assert (last["what"], last["detail"]) == ("completed", why)


def test_the_same_finish_again_is_200_and_a_different_one_409(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    first = finish(api, trial, values={"loss": 0.5})
    assert finish(api, trial, values={"loss": 0.5}).json() == first.json()
    differs = finish(api, trial, values={"loss": 0.6})
    assert (differs.status_code, differs.json()["code"]) == (409, "finish_differs")
    assert progress(api)["completed"] == 1


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_result_that_is_not_finite_fails_the_trial_and_never_is_best(
    api: httpx.Client, value: str
) -> None:
    opened(api)
    trial = claimed(api)
    content = '{"attempt": 1, "state": "completed", "values": {"loss": ?}}'.replace("?", value)
    ended = api.post(
        path(trial, "finish"), content=content, headers={"Content-Type": "application/json"}
    ).json()
    assert ended["state"] == "failed"
    assert "loss is not finite" in ended["error"]
    assert api.get("/v1/studies/demo").json()["best"] is None


def test_an_epoch_that_is_not_finite_is_stored_as_null_and_never_is_best(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    content = '{"attempt": 1, "epoch": 0, "metrics": {"loss": NaN}}'
    headers = {"Content-Type": "application/json"}
    assert api.post(path(trial, "epochs"), content=content, headers=headers).status_code == 200
    assert api.post(path(trial, "epochs"), content=content, headers=headers).status_code == 200
    report(api, trial, 1, 0.5)
    assert api.get(path(trial, "epochs")).json()["items"][0]["metrics"] == {"loss": None}
    assert finish(api, trial).json()["best_epoch"] == 1


def test_a_stale_attempt_is_refused_and_changes_nothing(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api)
    old = claimed(api)
    report(api, old, 0, 0.9)
    expire_leases()
    assert reap(service) == 1
    new = claimed(api, worker="w2")
    assert (new["number"], new["attempt"], new["parameters"]) == (0, 2, old["parameters"])
    for late in (
        report(api, old, 1, 0.1),
        finish(api, old, values={"loss": 0.0}),
        api.post(path(old, "heartbeat"), json={"attempt": 1}),
        api.post(path(old, "release"), json={"attempt": 1}),
        api.put(path(old, "artifacts/a.bin"), params={"attempt": 1}, content=b"late"),
    ):
        assert (late.status_code, late.json()["code"]) == (409, "stale_attempt"), late.text
    shown = api.get(path(new)).json()
    assert (shown["state"], shown["worker"], shown["epochs"]) == ("running", "w2", 0)
    assert [line["what"] for line in shown["history"]] == ["claimed", "lease_lost", "claimed"]
    assert progress(api) == {"budget": 5, "queued": 0, "running": 1} | dict.fromkeys(
        ("completed", "pruned", "failed", "cancelled"), 0
    )


def test_heartbeats_and_epochs_renew_the_lease(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api)
    trial = claimed(api)
    expire_leases()
    assert api.post(path(trial, "heartbeat"), json={"attempt": 1}).json() == {"verdict": "continue"}
    assert reap(service) == 0
    expire_leases()
    report(api, trial, 0, 0.5)
    assert reap(service) == 0


def test_a_release_is_idempotent_and_starts_over(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    report(api, trial, 0, 0.5)
    for _ in range(2):
        assert api.post(path(trial, "release"), json={"attempt": 1}).json()["state"] == "queued"
    again = claimed(api)
    assert again["attempt"] == 2
    assert report(api, again, 0, 0.4).json() == {"verdict": "continue"}


def test_a_rung_counts_running_trials_and_is_rolled_back_with_its_epoch(api: httpx.Client) -> None:
    rule = {"algorithm": "successive_halving", "min_epochs": 2, "reduction_factor": 2}
    opened(api, budget={"trials": 9}, pruning=rule)
    first, second, third = (claimed(api) for _ in range(3))
    for trial, loss in ((first, 0.1), (second, 0.5), (third, 0.3)):
        assert report(api, trial, 0, loss).json() == {"verdict": "continue"}
    assert report(api, first, 1, 0.1).json() == {"verdict": "continue"}
    assert report(api, second, 1, 0.5).json() == {"verdict": "prune"}
    shown = api.get(path(second)).json()
    assert "loss 0.5 at epoch 1, the best 1 of 2 trials" in shown["history"][-1]["detail"]
    api.post(path(first, "release"), json={"attempt": 1})
    assert report(api, third, 1, 0.3).json() == {"verdict": "continue"}


def test_the_median_rule_prunes_and_says_why(api: httpx.Client) -> None:
    opened(
        api,
        budget={"trials": 9},
        pruning={"algorithm": "median", "startup_trials": 3, "warmup_epochs": 1},
    )
    for loss in (0.1, 0.2, 0.3):
        trial = claimed(api)
        for epoch in range(3):
            report(api, trial, epoch, loss)
        finish(api, trial)
    bad = claimed(api)
    assert report(api, bad, 0, 0.9).json() == {"verdict": "continue"}
    assert report(api, bad, 1, 0.9).json() == {"verdict": "prune"}
    assert report(api, bad, 1, 0.9).json() == {"verdict": "prune"}
    shown = api.get(path(bad)).json()
    assert (shown["state"], shown["epochs"]) == ("pruned", 2)
    assert "0.9" in shown["history"][-1]["detail"]
    assert "median of 3 trials at that epoch 0.2" in shown["history"][-1]["detail"]
    good = claimed(api)
    assert report(api, good, 0, 0.1).json() == {"verdict": "continue"}
    assert report(api, good, 1, 0.1).json() == {"verdict": "continue"}
    assert progress(api)["pruned"] == 1


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


def test_finish_and_reaper_on_one_trial_end_it_once(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api, budget={"trials": 10})
    for _ in range(10):
        trial = claimed(api)
        expire_leases()
        barrier = threading.Barrier(2)
        outcome: list[int] = []

        def end(
            trial: Json = trial, barrier: threading.Barrier = barrier, out: list[int] = outcome
        ) -> None:
            barrier.wait()
            out.append(finish(api, trial, values={"loss": 1.0}).status_code)

        thread = threading.Thread(target=end)
        thread.start()
        barrier.wait()
        reaped = reap(service)
        thread.join()
        assert (outcome[0], reaped) in ((200, 0), (409, 1))
        if reaped:
            finish(api, claimed(api), values={"loss": 1.0})
    assert progress(api)["completed"] == 10


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


def test_a_finish_names_the_objective_that_was_never_reported(api: httpx.Client) -> None:
    objectives = [{"metric": m, "direction": "minimize"} for m in ("loss", "size")]
    opened(api, objectives=objectives)
    trial = claimed(api)
    report(api, trial, 0, 0.5)
    refused = finish(api, trial)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_result")
    assert '"size"' in refused.json()["detail"]


def test_a_keras_study_claimed_by_name_needs_a_worker_that_serves_it(api: httpx.Client) -> None:
    api.post("/v1/studies", json={"name": "keras", "search_space": "dense", "dataset": "digits"})
    api.put("/v1/workers/w1", json={"search_spaces": ["dense"], "datasets": ["breast_cancer"]})
    body = {"worker": "w1", "key": "a", "study": "keras"}
    assert api.post("/v1/claims", json=body).status_code == 204


def test_an_error_with_a_nul_still_ends_the_trial(api: httpx.Client) -> None:
    opened(api)
    ended = finish(api, claimed(api), state="failed", error="segfault\0 at 0x0")
    assert ended.json()["error"] == "segfault at 0x0"
