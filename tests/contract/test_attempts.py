"""A trial's attempts: checkpoints, deaths, giving back, and what of its curve stays."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from tests.contract.studies import Json, claimed, finish, opened, path, progress, report
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import discard, reap
from tuner_service.settings import Settings
from tuner_service.storage import studies
from tuner_service.storage import trials as trials_storage
from tuner_service.storage.clock import now
from tuner_service.storage.tables import pulse, trials


def save(api: httpx.Client, trial: Json, epochs: int, content: bytes = b"state") -> httpx.Response:
    return api.put(
        path(trial, f"artifacts/checkpoint-{epochs}"),
        params={"attempt": trial["attempt"], "checkpoint": epochs},
        content=content,
    )


def release(api: httpx.Client, trial: Json, error: str | None = None) -> httpx.Response:
    body = {"attempt": trial["attempt"]} | ({} if error is None else {"error": error})
    return api.post(path(trial, "release"), json=body)


def fall_back(api: httpx.Client, trial: Json, checkpoint: str) -> httpx.Response:
    body = {"attempt": trial["attempt"], "checkpoint": checkpoint, "error": "it is truncated"}
    return api.post(path(trial, "fall-back"), json=body)


def history(api: httpx.Client, trial: Json) -> list[Json]:
    lines: list[Json] = api.get(path(trial)).json()["history"]
    return lines


def losses(api: httpx.Client, trial: Json) -> list[float]:
    items = api.get(path(trial, "epochs")).json()["items"]
    assert [item["epoch"] for item in items] == list(range(len(items)))
    return [item["metrics"]["loss"] for item in items]


def train(api: httpx.Client, trial: Json, *curve: float, start: int = 0) -> None:
    for epoch, loss in enumerate(curve, start):
        assert report(api, trial, epoch, loss).status_code == 200


def stored(settings: Settings) -> list[Path]:
    return [file for file in Path(settings.artifacts).rglob("*") if file.is_file()]


def test_a_lost_trial_goes_on_after_its_checkpoint(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api)
    old = claimed(api)
    train(api, old, 0.9, 0.8, 0.7, 0.1)
    assert save(api, old, 2).status_code == 201
    expire_leases()
    assert reap(service) == 1
    shown = api.get(path(old)).json()
    assert (shown["state"], shown["epochs"], shown["best_epoch"]) == ("queued", 2, 1)
    assert shown["values"] == {"loss": 0.8}

    new = claimed(api, worker="w2")
    digest = hashlib.sha256(b"state").hexdigest()
    assert new["resume"] == {"epoch": 2, "checkpoint": "checkpoint-2", "sha256": digest}
    assert new["attempt"] == 2
    assert api.get(path(new, "artifacts/checkpoint-2")).content == b"state"
    refused = report(api, new, 4, 0.5)
    assert (refused.status_code, refused.json()["code"]) == (409, "epoch_out_of_order")
    train(api, new, 0.6, start=2)
    assert finish(api, new).json()["values"] == {"loss": 0.6}
    assert losses(api, new) == [0.9, 0.8, 0.6]

    lines = history(api, new)
    assert [line["what"] for line in lines] == [
        *("claimed", "lease_lost", "claimed", "resumed", "completed")
    ]
    lost, resumed = lines[1], lines[3]
    assert lost["detail"] == (
        "no sign of life from w1; epochs 2 to 3 are in no checkpoint and rolled back"
    )
    assert [epoch["metrics"]["loss"] for epoch in lost["epochs"]] == [0.7, 0.1]
    assert (lost["worker"], lost["attempt"]) == ("w1", 1)
    assert (resumed["detail"], resumed["worker"], resumed["attempt"]) == ("from epoch 2", "w2", 2)


def test_the_newest_two_checkpoints_are_kept_until_the_trial_ends(
    api: httpx.Client, service: Service, settings: Settings
) -> None:
    opened(api)
    trial = claimed(api)
    train(api, trial, 0.9, 0.8, 0.7, 0.6)
    for epochs in (1, 3, 4):
        assert save(api, trial, epochs, b"%d" % epochs).status_code == 201
    listed = api.get(path(trial, "artifacts")).json()["items"]
    assert [item["checkpoint"] for item in listed] == [3, 4]
    assert sorted(file.read_bytes() for file in stored(settings)) == [b"3", b"4"]
    # One that comes late changes nothing.
    assert save(api, trial, 1).status_code == 201
    assert release(api, trial).status_code == 200
    trial = claimed(api)
    assert trial["resume"]["epoch"] == 4
    assert finish(api, trial).status_code == 200
    assert api.get(path(trial, "artifacts")).json()["items"] == []
    discard(service)
    assert stored(settings) == []


def test_a_checkpoint_is_refused_ahead_of_the_curve_and_of_whoever_lost_the_trial(
    api: httpx.Client, settings: Settings
) -> None:
    opened(api)
    trial = claimed(api)
    train(api, trial, 0.9)
    ahead = save(api, trial, 2)
    assert (ahead.status_code, ahead.json()["code"]) == (409, "epoch_out_of_order")
    assert save(api, trial, 0).status_code == 422
    assert release(api, trial).status_code == 200
    late = save(api, trial, 1)
    assert (late.status_code, late.json()["code"]) == (409, "stale_attempt")
    again = claimed(api)
    assert again["resume"] is None
    train(api, again, 0.9)
    assert finish(api, again).status_code == 200
    over = save(api, again, 1)
    assert (over.status_code, over.json()["code"]) == (409, "stale_attempt")
    assert stored(settings) == []


def test_an_unusable_checkpoint_gives_way_to_the_one_before_and_then_to_the_beginning(
    api: httpx.Client,
) -> None:
    opened(api)
    first = claimed(api)
    train(api, first, 0.9, 0.2, 0.7, 0.6)
    assert save(api, first, 1).status_code == save(api, first, 3).status_code == 201
    assert release(api, first).status_code == 200
    trial = claimed(api)
    assert trial["resume"]["checkpoint"] == "checkpoint-3"
    for _ in range(2):
        back = fall_back(api, trial, "checkpoint-3")
        assert back.status_code == 200, back.text
        assert back.json()["resume"]["checkpoint"] == "checkpoint-1"
    assert losses(api, trial) == [0.9]
    assert api.get(path(trial)).json()["best_epoch"] == 0
    assert fall_back(api, trial, "checkpoint-1").json() == {"resume": None}
    assert losses(api, trial) == []
    train(api, trial, 0.9)
    lines = history(api, trial)
    assert [line["what"] for line in lines[3:]] == [
        *("resumed", "checkpoint_unusable", "resumed", "checkpoint_unusable", "resumed")
    ]
    assert lines[4]["detail"].startswith("checkpoint-3: it is truncated; epochs 1 to 2 are in no")
    assert [epoch["metrics"]["loss"] for epoch in lines[4]["epochs"]] == [0.2, 0.7]
    assert [lines[5]["detail"], lines[7]["detail"]] == ["from epoch 1", "from the beginning"]


def test_a_late_refusal_of_a_checkpoint_leaves_the_one_that_was_made_since(
    api: httpx.Client,
) -> None:
    opened(api)
    first = claimed(api)
    train(api, first, 0.9)
    save(api, first, 1)
    release(api, first)
    trial = claimed(api)
    assert fall_back(api, trial, "checkpoint-1").json() == {"resume": None}
    train(api, trial, 0.9, 0.8)
    assert save(api, trial, 1).status_code == 201
    assert fall_back(api, trial, "checkpoint-1").json()["resume"]["epoch"] == 1
    assert losses(api, trial) == [0.9, 0.8]
    stale = fall_back(api, first, "checkpoint-1")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_attempt")


def test_three_deaths_quarantine_a_trial_with_its_last_words(
    api: httpx.Client, service: Service
) -> None:
    opened(api, budget={"trials": 2})
    for attempt in (1, 2, 3):
        trial = claimed(api)
        assert (trial["number"], trial["attempt"]) == (0, attempt)
        for _ in range(2):
            reply = release(api, trial, f"signal 9\nlast line {attempt}")
            assert reply.status_code == 200
            assert reply.json()["state"] == ("failed" if attempt == 3 else "queued")
    assert reply.json()["error"] == "3 attempts at it died; the last: signal 9\nlast line 3"
    assert [line["what"] for line in history(api, trial)] == [
        *("claimed", "died", "claimed", "died", "claimed", "died", "quarantined")
    ]
    assert [line["detail"] for line in history(api, trial) if line["what"] == "died"] == [
        "signal 9"
    ] * 3
    with service.database.read() as connection:
        assert trials_storage.get(connection, studies.get(connection, "demo"), 0).deaths == 3
    assert progress(api)["failed"] == 1
    assert claimed(api)["number"] == 1


def test_a_lost_lease_is_a_death_and_giving_back_is_none(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api, training={"max_attempts": 2})
    for _ in range(4):
        assert release(api, claimed(api)).json()["state"] == "queued"
    trial = claimed(api)
    expire_leases()
    assert reap(service) == 1
    trial = claimed(api)
    assert trial["attempt"] == 6
    expire_leases()
    assert reap(service) == 1
    shown = api.get(path(trial)).json()
    assert shown["state"] == "failed"
    assert shown["error"] == "2 attempts at it died; the last: no sign of life from w1"
    assert release(api, trial, "late").status_code == 409


def test_a_failure_inside_training_is_final_unless_the_study_asks(api: httpx.Client) -> None:
    opened(api)
    assert finish(api, claimed(api), state="failed", error="NaN").json()["state"] == "failed"
    opened(api, name="stubborn", training={"retry_failed": True})
    first = claimed(api, "stubborn")
    train(api, first, 0.9, 0.8)
    save(api, first, 1)
    for _ in range(2):
        assert finish(api, first, state="failed", error="NaN").json()["state"] == "queued"
    again = claimed(api, "stubborn")
    assert (again["attempt"], again["resume"]["epoch"]) == (2, 1)
    late = finish(api, first, state="failed", error="NaN")
    assert (late.status_code, late.json()["code"]) == (409, "stale_attempt")
    finish(api, again, state="failed", error="NaN")
    ended = finish(api, claimed(api, "stubborn"), state="failed", error="NaN again")
    assert ended.json()["state"] == "failed"
    assert ended.json()["error"] == "3 attempts at it died; the last: NaN again"


def test_a_claim_that_is_repeated_after_its_trial_was_lost_is_stale(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    opened(api)
    body = {"worker": "w1", "key": "once", "study": "demo"}
    trial = api.post("/v1/claims", json=body).json()
    expire_leases()
    reap(service)
    lost = api.post("/v1/claims", json=body)
    assert (lost.status_code, lost.json()["code"]) == (409, "stale_attempt")
    again = claimed(api)
    assert (again["number"], again["attempt"]) == (trial["number"], 2)
    assert api.post("/v1/claims", json=body).status_code == 409


@pytest.mark.parametrize(("lease_left", "taken_back"), [(40.0, 0), (-1.0, 1)])
def test_leases_do_not_run_while_nobody_could_renew_them(
    api: httpx.Client, service: Service, lease_left: float, taken_back: int
) -> None:
    """``lease_left``: what was left of the lease when the database went away, in seconds."""
    opened(api)
    trial = claimed(api)
    away_since = now() - 1000.0
    reap(service)
    with service.database.write() as connection:
        connection.execute(update(pulse).values(at=away_since))
        connection.execute(update(trials).values(lease_expires_at=away_since + lease_left))
    assert reap(service) == taken_back
    assert reap(service) == 0
    held = api.post(path(trial, "heartbeat"), json={"attempt": 1})
    assert held.status_code == (409 if taken_back else 200)


def test_a_study_of_the_same_name_is_not_the_one_that_its_old_workers_mean(
    api: httpx.Client,
) -> None:
    opened(api)
    old = claimed(api)
    assert api.post("/v1/studies/demo/cancel").status_code == 200
    assert api.delete("/v1/studies/demo").status_code == 204
    opened(api)
    new = claimed(api)
    for late in (report(api, old, 0, 0.1), finish(api, old, values={"loss": 0.0})):
        assert (late.status_code, late.json()["code"]) == (409, "stale_attempt")
    assert report(api, new, 0, 0.5).status_code == 200


def test_a_name_of_a_checkpoint_is_not_given_to_another_file(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    train(api, trial, 0.9)
    save(api, trial, 1)
    other = api.put(path(trial, "artifacts/checkpoint-1"), params={"attempt": 1}, content=b"x")
    assert (other.status_code, other.json()["code"]) == (422, "is_checkpoint")
    release(api, trial)
    assert claimed(api)["resume"]["epoch"] == 1


def test_a_file_that_cannot_be_removed_is_in_nobodys_way(
    api: httpx.Client, service: Service, settings: Settings
) -> None:
    opened(api)
    trial = claimed(api)
    train(api, trial, 0.9, 0.8, 0.7)
    save(api, trial, 1, b"first")
    [stubborn] = stored(settings)
    stubborn.unlink()
    stubborn.mkdir()  # not even root can remove that as a file
    assert save(api, trial, 2, b"second").status_code == 201
    assert save(api, trial, 3, b"third").status_code == 201
    assert finish(api, trial).status_code == 200
    discard(service)
    assert stored(settings) == []
    stubborn.rmdir()
    stubborn.touch()
    discard(service)
    assert stored(settings) == []


def test_a_store_that_is_away_costs_no_checkpoint(
    api: httpx.Client, settings: Settings, tmp_path: Path
) -> None:
    opened(api)
    trial = claimed(api)
    train(api, trial, 0.9)
    save(api, trial, 1)
    folder = Path(settings.artifacts)
    folder.rename(tmp_path / "unmounted")
    away = api.get(path(trial, "artifacts/checkpoint-1"))
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    (tmp_path / "unmounted").rename(folder)
    [file] = stored(settings)
    file.unlink()
    gone = api.get(path(trial, "artifacts/checkpoint-1"))
    assert (gone.status_code, gone.json()["code"]) == (404, "artifact_missing")


def test_running_trials_end_with_the_time_budget(api: httpx.Client, service: Service) -> None:
    opened(api, budget={"trials": 1, "seconds": 1.0})
    trial = claimed(api)
    while report(api, trial, 0, 0.5).json()["verdict"] == "continue":
        reap(service)
    shown = api.get(path(trial)).json()
    assert (shown["state"], shown["values"]) == ("cancelled", {"loss": 0.5})
    assert shown["history"][-1]["detail"] == "the study's time is up"
    assert api.get("/v1/studies/demo").json()["state"] == "completed"


def test_limits_of_a_training_are_handed_out_and_checked(api: httpx.Client) -> None:
    limits = {"max_seconds": 3600, "max_silence_seconds": None, "max_attempts": 5}
    opened(api, training=limits)
    trial = claimed(api)
    assert {name: trial["training"][name] for name in limits} == limits
    assert trial["training"]["retry_failed"] is False
    assert trial["checkpoint_seconds"] == 60
    for wrong in ({"max_seconds": 0}, {"max_attempts": 0}, {"max_silence_seconds": "long"}):
        reply = api.post("/v1/studies", json={"executor": "external", "training": wrong})
        assert reply.status_code == 422
        assert next(iter(wrong)) in reply.json()["detail"]
