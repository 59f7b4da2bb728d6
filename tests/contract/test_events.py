"""Following a study over server-sent events."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import httpx_sse
import pytest

from tests.contract.studies import claimed, finish, opened, path, report
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import revoke_token

Json = dict[str, Any]
Seen = tuple[int, str, Json]


def follow(api: httpx.Client, until: int, after: int | None = None) -> list[Seen]:
    """The events from the beginning, or after one, until so many have come."""
    return list(_follow(api, until, after))


def _follow(api: httpx.Client, until: int, after: int | None) -> Iterator[Seen]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with httpx_sse.connect_sse(api, "GET", "/v1/studies/demo/events", headers=headers) as source:
        for count, event in enumerate(source.iter_sse(), start=1):
            yield int(event.id), event.event, json.loads(event.data)
            if count == until:
                return


def test_events_tell_every_change_in_order_and_resume(api: httpx.Client) -> None:
    opened(api, budget={"trials": 1})
    trial = claimed(api)
    report(api, trial, 0, 0.5)
    finish(api, trial)
    events = follow(api, 5)
    assert [kind for _, kind, _ in events] == ["study", "trial", "epoch", "trial", "study"]
    ids = [number for number, _, _ in events]
    assert ids == sorted(set(ids))
    assert events[0][2]["state"] == "running"
    assert (events[1][2]["state"], events[1][2]["number"]) == ("running", 0)
    assert events[2][2] == {
        "study": "demo",
        "number": 0,
        "attempt": 1,
        "epoch": 0,
        "metrics": {"loss": 0.5},
        "seconds": None,
    }
    assert (events[3][2]["state"], events[3][2]["values"]) == ("completed", {"loss": 0.5})
    assert (events[4][2]["state"], events[4][2]["progress"]["completed"]) == ("completed", 1)
    assert follow(api, 2, after=ids[2]) == events[3:]


def test_a_watcher_sees_what_happens_while_it_watches(api: httpx.Client) -> None:
    opened(api)
    events = _follow(api, 3, None)
    assert next(events)[1] == "study"
    trial = claimed(api)
    assert next(events)[2]["number"] == trial["number"]
    api.post(path(trial, "cancel"))
    assert next(events)[2]["state"] == "cancelled"


def test_a_repeated_epoch_is_told_once(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    for _ in range(3):
        report(api, trial, 0, 0.5)
    report(api, trial, 1, 0.4)
    kinds = [(kind, body.get("epoch")) for _, kind, body in follow(api, 4)]
    assert kinds == [("study", None), ("trial", None), ("epoch", 0), ("epoch", 1)]


def test_a_wrong_last_event_id_is_refused(api: httpx.Client) -> None:
    opened(api)
    reply = api.get("/v1/studies/demo/events", headers={"Last-Event-ID": "x"})
    assert (reply.status_code, reply.json()["errors"][0]["loc"]) == (
        422,
        ["header", "Last-Event-ID"],
    )
    assert api.get("/v1/studies/nobody/events").status_code == 404


def test_nobody_listens_on_with_a_token_that_was_revoked(
    api: httpx.Client,
    client_of: Callable[[str], httpx.Client],
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuner_service.api.studies.ALLOWED_SECONDS", 0.0)
    opened(api)
    trial = claimed(api)
    viewer = client_of("viewer")
    began = threading.Event()

    def listen() -> None:
        for _ in _follow(viewer, 10_000, None):
            began.set()

    listening = threading.Thread(target=listen)
    listening.start()
    assert began.wait(60)
    revoke_token(service, "viewer-1")
    for epoch in range(100):
        report(api, trial, epoch, 0.5).raise_for_status()
        listening.join(0.6)
        if not listening.is_alive():
            break
    assert not listening.is_alive()
