"""What a worker says of itself, again and again."""

import threading
from queue import Queue
from typing import Any

import pytest

from tests.unit.worker.conftest import TOKEN
from tests.unit.worker.scripted_server import WAIT_SECONDS, Answer, ScriptedServer, Told, problem
from tuner_service.worker.connection import Connection
from tuner_service.worker.presence import Presence

LOOK: dict[str, Any] = {"samples": [], "histograms": [], "classes": {}}


def test_previews_go_until_they_were_taken_and_not_again(server: ScriptedServer) -> None:
    said: Queue[list[Any]] = Queue()
    answers: list[Answer] = [(200, {}), problem(422, "invalid_request"), (200, {}), (200, {})]

    def rule(told: Told) -> Answer:
        assert isinstance(told.body, dict)
        said.put(told.body["datasets"])
        return answers.pop(0)

    server.rule = rule
    stop = threading.Event()
    connection = Connection(server.url, TOKEN, stop)
    entry = {"search_spaces": [], "datasets": ["digits"]}
    presence = Presence("w", entry, connection, stop, fail=lambda reason: None)
    presence.start()
    assert said.get(timeout=WAIT_SECONDS) == ["digits"]
    presence.teach([], [{"name": "shop", "preview": LOOK}, "mnist"])
    whole = ["digits", {"name": "shop", "preview": LOOK}, "mnist"]
    assert said.get(timeout=WAIT_SECONDS) == whole
    presence.refresh()
    assert said.get(timeout=WAIT_SECONDS) == whole
    presence.refresh()
    assert said.get(timeout=WAIT_SECONDS) == ["digits", {"name": "shop"}, "mnist"]
    stop.set()
    presence.refresh()


def test_nothing_is_said_after_the_last_word(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring, measured = threading.Event(), threading.Event()

    def slow(gpus: object) -> dict[str, Any]:
        measuring.set()
        assert measured.wait(WAIT_SECONDS)
        return {}

    stop = threading.Event()
    connection = Connection(server.url, TOKEN, stop)
    entry: dict[str, Any] = {"search_spaces": [], "datasets": []}
    presence = Presence("w", entry, connection, stop, fail=lambda reason: None)
    presence.start()
    presence.wait()
    # A GPU's driver may take seconds to tell its load.
    monkeypatch.setattr("tuner_service.worker.presence.measure_load", slow)
    presence.refresh()
    assert measuring.wait(WAIT_SECONDS)
    stop.set()
    presence.leave().join(WAIT_SECONDS)
    measured.set()
    for thread in threading.enumerate():
        if thread.name == "presence":
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()
    first, last = server.told
    assert last.body == {**first.body, "stopped": True}
