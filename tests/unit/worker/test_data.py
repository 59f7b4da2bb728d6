"""Uploaded data is fetched once and verified before a trial trains; a preflight is relayed."""

import fcntl
import hashlib
import signal
from pathlib import Path
from typing import Any

import pytest

from search_spaces.datasets.cache import LOCKS
from tests.unit.worker.conftest import StartWorker
from tests.unit.worker.scripted_server import Answer, ScriptedServer, Told, problem

CONTENT = b"a,b\n1,2\n"


def data(content: bytes = CONTENT) -> dict[str, Any]:
    return {
        "dataset": "shop",
        "data": {
            "name": "shop",
            "sha256": hashlib.sha256(content).hexdigest(),
            "upload": {"format": "csv", "told": {}, "size": len(content)},
        },
    }


def serving(answer: Answer) -> Any:
    return lambda told: answer if told.path == "/v1/datasets/shop/content" else None


def printed(server: ScriptedServer, number: int) -> bytes:
    server.wait_for(number, "finish")
    (log,) = server.of(number, "artifacts/log.txt")
    assert isinstance(log.body, bytes)
    return log.body


def test_data_is_fetched_once_for_all_trials(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = serving((200, CONTENT))
    for number in range(3):
        server.give("data", number, **data())
    start_worker(2)
    assert {printed(server, number) for number in range(3)} == {CONTENT + b"\n"}
    assert len([told for told in server.told if told.action == "content"]) == 1


def test_data_that_came_along_is_not_fetched(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("data", data={"name": "digits", "sha256": "0" * 64})
    start_worker()
    assert printed(server, 0) == b"None\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b"another file"), 'dataset "shop" is not the one that study "s" was opened on'),
        (problem(404, "unknown_dataset"), "it is unknown_dataset"),
    ],
)
def test_a_trial_whose_data_is_gone_fails_and_the_next_one_goes_on(
    server: ScriptedServer, start_worker: StartWorker, answer: Answer, said: str
) -> None:
    server.rule = serving(answer)
    server.give("epoch", 0, **data())
    server.give("epoch", 1)
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "failed"
    assert finish.body["error"].startswith("the dataset could not be fetched: ")
    assert said in finish.body["error"]
    assert server.wait_for(1, "finish")[0].body["state"] == "completed"


def test_a_stop_gives_a_trial_back_that_waits_for_its_data(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = serving(problem(503, "store_unavailable"))
    server.give("epoch", **data())
    worker = start_worker()
    with server.changed:
        assert server.changed.wait_for(
            lambda: any(told.action == "content" for told in server.told), 60
        )
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert server.actions(0) == ["release"]


@pytest.mark.parametrize("end", ["cancel", "stop"])
def test_a_trial_that_waits_for_anothers_download_can_be_ended(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path, end: str
) -> None:
    server.lease_seconds = 0.3
    server.rule = lambda told: (
        (200, {"verdict": "cancel"})
        if told.path.endswith("0/heartbeat") and end == "cancel"
        else None
    )
    locks = tmp_path / "cache" / "data" / LOCKS
    locks.mkdir(parents=True)
    with (locks / str(data()["data"]["sha256"])).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.give("epoch", 0, **data())
        worker = start_worker()
        server.wait_for(0, "heartbeat")
        if end == "stop":
            worker.signal(signal.SIGTERM)
            assert worker.exit_code() == 0
            assert server.actions(0) == ["release"]
        else:
            server.give("epoch", 1)
            server.wait_for(1, "finish")
            assert server.actions(0) == ["log.txt"]


def test_a_preflight_is_told_before_the_first_epoch(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("preflight; epoch", preflight={"parameters": {}, "training": {}})
    start_worker()
    server.wait_for(0, "finish")
    assert server.actions(0)[:2] == ["preflight", "epochs"]
    (told,) = server.of(0, "preflight")
    assert told.body["attempt"] == 1
    assert told.body["preflight"]["parameters"] == 7
    assert told.body["error"] is None


def test_a_candidate_that_cannot_be_trained_is_told_and_the_verdict_obeyed(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def rule(told: Told) -> Answer | None:
        return (200, {"verdict": "cancel"}) if told.action == "preflight" else None

    server.rule = rule
    server.give("preflight shapes differ; spin")
    start_worker()
    (told,) = server.wait_for(0, "preflight")
    assert (told.body["preflight"], told.body["error"]) == (None, "shapes differ")
    server.wait_for(0, "artifacts/log.txt")
    assert "finish" not in server.actions(0), "the server has ended it already"


def test_a_preflight_that_is_not_taken_costs_the_trial_nothing(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def rule(told: Told) -> Answer | None:
        return problem(422, "invalid_request") if told.action == "preflight" else None

    server.rule = rule
    server.give("preflight; epoch")
    start_worker()
    assert server.wait_for(0, "finish")[0].body["state"] == "completed"
