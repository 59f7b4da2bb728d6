"""Reporting epochs, keeping a lease, finishing: each counts once, and only for whoever holds the trial."""

import threading
from collections.abc import Callable

import httpx
import pytest

from tests.contract.studies import Json, claimed, finish, opened, path, progress, report
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import reap


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


def test_a_finish_names_the_objective_that_was_never_reported(api: httpx.Client) -> None:
    objectives = [{"metric": m, "direction": "minimize"} for m in ("loss", "size")]
    opened(api, objectives=objectives)
    trial = claimed(api)
    report(api, trial, 0, 0.5)
    refused = finish(api, trial)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_result")
    assert '"size"' in refused.json()["detail"]


@pytest.mark.parametrize(
    ("curve", "error"),
    [
        ([{"loss": None, "size": 1}], "loss was not finite in any epoch"),
        ([{"loss": 1, "size": None}], "size was not finite in any epoch"),
        ([{"other": 1}, {"loss": 1, "size": None}], "size was not finite in any epoch"),
        (
            [{"loss": 1}, {"loss": None, "size": 1}],
            "in no epoch were loss and size finite together",
        ),
    ],
)
def test_a_trial_of_which_no_epoch_counts_fails_by_the_objective_that_never_was_finite(
    api: httpx.Client, curve: list[Json], error: str
) -> None:
    objectives = [{"metric": m, "direction": "minimize"} for m in ("loss", "size")]
    opened(api, objectives=objectives)
    trial = claimed(api)
    for epoch, metrics in enumerate(curve):
        body = {"attempt": 1, "epoch": epoch, "metrics": metrics}
        assert api.post(path(trial, "epochs"), json=body).status_code == 200
    ended = finish(api, trial)
    assert ended.status_code == 200, ended.text
    assert (ended.json()["state"], ended.json()["error"]) == ("failed", error)


def test_an_error_with_a_nul_still_ends_the_trial(api: httpx.Client) -> None:
    opened(api)
    ended = finish(api, claimed(api), state="failed", error="segfault\0 at 0x0")
    assert ended.json()["error"] == "segfault at 0x0"
