"""The fleet at a glance: who is there, what slots train, who waits, and the load of the last hour."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, insert, select, update

from tests.contract.studies import claimed, opened, report
from tuner_service.service.reading.fleet import (
    GONE_SECONDS,
    SILENT_SECONDS,
    Machine,
    Presence,
    fleet,
)
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.reaper import reap, tidy
from tuner_service.storage.clock import now
from tuner_service.storage.loads import KEPT_SECONDS
from tuner_service.storage.tables import claims, loads, trials, workers
from tuner_service.storage.workers import served

LOAD = {"cpu_percent": 50.0, "memory_bytes": 100, "memory_used_bytes": 25, "gpus": []}
KERAS: dict[str, Any] = {"search_space": "dense", "dataset": "digits", "budget": {"trials": 4}}


def register(api: httpx.Client, name: str = "w1", **body: Any) -> None:
    content = {"slots": 1, "search_spaces": ["dense"], "datasets": ["digits"], "load": LOAD} | body
    reply = api.put(f"/v1/workers/{name}", json=content)
    assert reply.status_code == 200, reply.text


def claim(api: httpx.Client, key: str) -> Any:
    reply = api.post("/v1/claims", json={"worker": "w1", "key": key})
    assert reply.status_code == 200, reply.text
    return reply.json()


def unheard_of(service: Service, seconds: float) -> None:
    with service.database.write() as connection:
        connection.execute(update(workers).values(last_seen=now() - seconds))


def only(service: Service) -> Machine:
    [machine] = fleet(service).machines
    return machine


def test_a_slot_says_what_it_trains_since_when_and_for_how_long_it_may(
    api: httpx.Client, service: Service
) -> None:
    register(api, slots=3)
    api.post("/v1/studies", json=KERAS | {"name": "digits", "training": {"epochs": 7}})
    trial = claim(api, "a")
    body = {"attempt": 1, "epoch": 0, "metrics": {"val_accuracy": 0.5}}
    assert api.post("/v1/studies/digits/trials/0/epochs", json=body).status_code == 200
    found = fleet(service)
    [slot] = found.machines[0].slots
    assert (slot.study, slot.number, slot.attempt) == ("digits", 0, trial["attempt"])
    assert (slot.epochs, slot.of, slot.late) == (1, 7, False)
    assert slot.since <= slot.heard_at <= found.at < slot.lease_expires_at
    assert found.machines[0].idle == 2


def test_an_attempt_that_is_not_the_first_counts_from_its_own_claim(
    api: httpx.Client, service: Service
) -> None:
    opened(api)
    trial = claimed(api)
    api.post("/v1/studies/demo/trials/0/release", json={"attempt": trial["attempt"]})
    with service.database.write() as connection:
        connection.execute(update(trials).values(started_at=1.0))
    claimed(api)
    with service.database.write() as connection:
        connection.execute(delete(claims))  # the keys of old claims are forgotten
    [[slot]] = fleet(service).programs.values()
    assert slot.attempt == 2
    assert slot.since > 1.0
    with service.database.write() as connection:
        # A server of an older version claims without saying when.
        connection.execute(update(trials).values(claimed_at=None))
    [[slot]] = fleet(service).programs.values()
    assert slot.since == 1.0


def test_a_lease_about_to_end_is_late(api: httpx.Client, service: Service) -> None:
    opened(api)
    claimed(api)
    with service.database.write() as connection:
        connection.execute(update(trials).values(lease_expires_at=now() + 10))
    [[slot]] = fleet(service).programs.values()
    assert slot.late


def test_a_program_that_never_registered_is_seen_by_its_trials(
    api: httpx.Client, service: Service
) -> None:
    opened(api)
    report(api, claimed(api, worker="my-script"), 0, 0.5)
    found = fleet(service)
    assert list(found.programs) == ["my-script"]
    assert [slot.of for slot in found.programs["my-script"]] == [None]
    assert found.machines == []


def test_a_worker_falls_silent_and_is_gone_after_an_hour(
    api: httpx.Client, service: Service
) -> None:
    register(api)
    assert (only(service).presence, only(service).idle) == (Presence.THERE, 1)
    unheard_of(service, SILENT_SECONDS + 1)
    assert (only(service).presence, only(service).idle) == (Presence.SILENT, 0)
    unheard_of(service, GONE_SECONDS + 1)
    assert only(service).presence is Presence.GONE


def test_a_worker_that_stopped_is_gone_at_once_until_it_comes_again(
    api: httpx.Client, service: Service
) -> None:
    register(api)
    register(api, stopped=True)
    assert (only(service).presence, only(service).idle) == (Presence.GONE, 0)
    [shown] = api.get("/v1/workers").json()["items"]
    assert shown["stopped"]
    with service.database.read() as connection:
        assert served(connection, "search_spaces") == set()
    register(api)
    assert (only(service).presence, only(service).idle) == (Presence.THERE, 1)


def test_a_worker_that_stopped_with_a_trial_is_shown_until_that_is_taken_over(
    api: httpx.Client, service: Service, expire_leases: Callable[[], None]
) -> None:
    register(api)
    api.post("/v1/studies", json=KERAS)
    claim(api, "a")
    register(api, stopped=True)
    assert only(service).presence is Presence.SILENT
    expire_leases()
    reap(service)
    assert only(service).presence is Presence.GONE


def test_whoever_holds_a_trial_is_never_just_gone(api: httpx.Client, service: Service) -> None:
    register(api)
    api.post("/v1/studies", json=KERAS)
    claim(api, "a")
    unheard_of(service, GONE_SECONDS + 1)
    assert only(service).presence is Presence.SILENT


def test_a_study_waits_once_every_slot_that_serves_it_is_taken(
    api: httpx.Client, service: Service
) -> None:
    register(api)
    api.post("/v1/studies", json=KERAS)
    claim(api, "a")
    assert fleet(service).waiting == []  # it trains: who has all the slots there are waits for none
    api.post("/v1/studies", json=KERAS | {"name": "digits"})
    [waiting] = fleet(service).waiting
    assert (waiting.study, waiting.served) == ("digits", True)


def test_a_study_that_no_worker_serves_waits_for_one(api: httpx.Client, service: Service) -> None:
    register(api)
    api.post("/v1/studies", json=KERAS | {"name": "flowers", "dataset": "iris"})
    [waiting] = fleet(service).waiting
    assert (waiting.study, waiting.dataset, waiting.served) == ("flowers", "iris", False)


@pytest.mark.parametrize(
    "spent",
    [{"budget": {"trials": 1}}, {"max_parallel": 1}],
    ids=["budget", "as many at a time as it wants"],
)
def test_a_study_with_nothing_to_hand_out_does_not_wait(
    api: httpx.Client, service: Service, spent: dict[str, Any]
) -> None:
    register(api)
    api.post("/v1/studies", json=KERAS | spent)
    claim(api, "a")
    assert fleet(service).waiting == []


def test_the_load_is_kept_for_an_hour_however_often_it_is_told(
    api: httpx.Client, service: Service
) -> None:
    for _ in range(3):
        register(api)
    with service.database.write() as connection:
        assert connection.scalar(select(func.count()).select_from(loads)) == 1
        connection.execute(update(loads).values(at=now() - 30))
    register(api)
    assert [sample for _, sample in only(service).told] == [{"cpu": [0.5, 0.25]}] * 2
    with service.database.write() as connection:
        connection.execute(update(loads).values(at=loads.c.at - KEPT_SECONDS))
    tidy(service)
    with service.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(loads)) == 0


def test_what_another_server_was_told_shows_too_even_if_it_comes_late(
    api: httpx.Client, service: Service
) -> None:
    register(api)
    [(newest, _)] = only(service).told
    with service.database.write() as connection:
        other = {"at": newest - 20, "worker": "w1", "body": {"cpu": [0.1, None]}}
        connection.execute(insert(loads).values(other))
    assert [at for at, _ in only(service).told] == [newest - 20, newest]
