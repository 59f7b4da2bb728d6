"""A trial's attempts: how they end while it goes on, and when it is not handed out again."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update

from tests.contract.studies import (
    claimed,
    finish,
    history,
    opened,
    path,
    progress,
    release,
    report,
    save,
    train,
)
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import reap
from tuner_service.storage import studies
from tuner_service.storage import trials as trials_storage
from tuner_service.storage.clock import now
from tuner_service.storage.tables import pulse, trials


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


@pytest.mark.parametrize(
    ("claimed_seconds_ago", "took"),
    # A server of an older version claims without saying when.
    [(90_000, 3600), (None, 0)],
)
def test_a_lost_attempt_took_no_longer_than_its_lease(
    api: httpx.Client, service: Service, claimed_seconds_ago: int | None, took: int
) -> None:
    opened(api)
    claimed(api)
    with service.database.write() as connection:
        since = None if claimed_seconds_ago is None else now() - claimed_seconds_ago
        until = now() - 86_400  # as after a restore of yesterday's backup
        connection.execute(update(trials).values(claimed_at=since, lease_expires_at=until))
    assert reap(service) == 1
    with service.database.read() as connection:
        trial = trials_storage.get(connection, studies.get(connection, "demo"), 0)
    assert round(trial.seconds_before) == took


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
