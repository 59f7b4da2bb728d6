"""Checkpoints: what a trial goes on from, which are kept, and which are refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.contract.studies import (
    Json,
    claimed,
    finish,
    history,
    opened,
    path,
    release,
    report,
    save,
    train,
)
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import discard, reap
from tuner_service.settings import Settings


def fall_back(api: httpx.Client, trial: Json, checkpoint: str) -> httpx.Response:
    body = {"attempt": trial["attempt"], "checkpoint": checkpoint, "error": "it is truncated"}
    return api.post(path(trial, "fall-back"), json=body)


def losses(api: httpx.Client, trial: Json) -> list[float]:
    items = api.get(path(trial, "epochs")).json()["items"]
    assert [item["epoch"] for item in items] == list(range(len(items)))
    return [item["metrics"]["loss"] for item in items]


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
