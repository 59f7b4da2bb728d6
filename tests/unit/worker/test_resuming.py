"""A trial goes on from its newest checkpoint that can be used, wherever that was made."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.worker.conftest import StartWorker
from tests.unit.worker.scripted_server import Answer, ScriptedServer, Told, problem, resume

EIGHT, FOUR = b"after eight", b"after four"


def serving(
    contents: Mapping[str, Answer], *fallbacks: dict[str, Any] | None
) -> tuple[list[Told], Any]:
    """A rule that serves checkpoints, and what was asked about those that cannot be used."""
    asked: list[Told] = []

    def rule(told: Told) -> Answer | None:
        if told.action == "fall-back":
            asked.append(told)
            return 200, {"resume": fallbacks[len(asked) - 1]}
        return contents.get(told.action) if told.method == "GET" else None

    return asked, rule


def printed(server: ScriptedServer) -> str:
    server.wait_for(0, "finish")
    [log] = server.of(0, "artifacts/log.txt")
    return str(log.body.decode())


def test_training_begins_with_the_checkpoint_and_the_next_epoch(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    asked, server.rule = serving({"checkpoint-8": (200, EIGHT)})
    server.give("given; epoch; epoch", attempt=2, resume=resume(8, EIGHT))
    worker = start_worker()
    assert printed(server) == "8 after eight\n"
    assert [told.body["epoch"] for told in server.of(0, "epochs")] == [8, 9]
    assert asked == []
    assert "trial s/0 resumes from epoch 8" in worker.log


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, EIGHT[:-1]), "its sha-256 is "),
        (problem(404, "unknown_artifact"), "it cannot be fetched: it is unknown_artifact"),
        (problem(410, "artifact_missing"), "it cannot be fetched: it is artifact_missing"),
    ],
)
def test_a_damaged_or_missing_checkpoint_is_told_and_the_one_before_it_used(
    server: ScriptedServer, start_worker: StartWorker, answer: Answer, said: str
) -> None:
    contents = {"checkpoint-8": answer, "checkpoint-4": (200, FOUR)}
    asked, server.rule = serving(contents, resume(4, FOUR))
    server.give("given; epoch", attempt=2, resume=resume(8, EIGHT))
    worker = start_worker()
    assert printed(server) == "4 after four\n"
    [told] = asked
    assert told.body["attempt"] == 2
    assert told.body["checkpoint"] == "checkpoint-8"
    assert told.body["error"].startswith(said)
    assert [told.body["epoch"] for told in server.of(0, "epochs")] == [4]
    assert "checkpoint-8 cannot be used" in worker.log
    assert "back to checkpoint-4" in worker.log


def test_a_trial_without_any_checkpoint_that_can_be_used_begins_anew(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    contents = {"checkpoint-8": (200, b"damaged"), "checkpoint-4": (200, b"damaged too")}
    asked, server.rule = serving(contents, resume(4, FOUR), None)
    server.give("given; epoch", attempt=2, resume=resume(8, EIGHT))
    start_worker()
    assert printed(server) == "0 None\n"
    assert [told.body["checkpoint"] for told in asked] == ["checkpoint-8", "checkpoint-4"]
    assert [told.body["epoch"] for told in server.of(0, "epochs")] == [0]


def test_a_checkpoint_that_the_process_cannot_use_is_told_and_the_one_before_it_tried(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    contents = {"checkpoint-8": (200, EIGHT), "checkpoint-4": (200, FOUR)}
    asked, server.rule = serving(contents, resume(4, FOUR), None)
    server.give("unusable shapes differ; given; epoch", attempt=2, resume=resume(8, EIGHT))
    start_worker()
    assert printed(server) == "0 None\n"
    assert [told.body["error"] for told in asked] == ["shapes differ"] * 2
    assert server.of(0, "finish")[0].body["state"] == "completed"


def test_a_server_that_never_falls_back_does_not_keep_the_worker_for_ever(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    _, server.rule = serving({"checkpoint-8": (200, b"damaged")}, resume(8, EIGHT))
    server.give("epoch", number=0, resume=resume(8, EIGHT))
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    [release] = server.of(0, "release")
    assert "asked for one before checkpoint-8" in release.body["error"]


def test_a_trial_that_was_lost_meanwhile_is_dropped(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def rule(told: Told) -> Answer | None:
        return problem(409, "stale_attempt") if told.action == "fall-back" else None

    server.rule = rule
    server.give("epoch", number=0, resume=resume(8, EIGHT))
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["checkpoint-8", "fall-back"]


@pytest.mark.parametrize("end", ["stop", "cancel", "lost"])
def test_waiting_for_a_checkpoint_ends_with_the_wish_for_it(
    server: ScriptedServer, start_worker: StartWorker, end: str
) -> None:
    server.lease_seconds = 0.3
    heartbeats = {
        "stop": (200, {"verdict": "continue"}),
        "cancel": (200, {"verdict": "cancel"}),
        "lost": problem(409, "stale_attempt"),
    }

    def rule(told: Told) -> Answer | None:
        if told.action == "checkpoint-8":
            return problem(503, "store_unavailable")
        return heartbeats[end] if told.path.endswith("0/heartbeat") else None

    server.rule = rule
    server.give("epoch", number=0, resume=resume(8, EIGHT))
    worker = start_worker()
    server.wait_for(0, "artifacts/checkpoint-8")
    if end == "stop":
        worker.signal(signal.SIGTERM)
        assert worker.exit_code() == 0
        assert server.actions(0)[-1] == "release"
    else:
        server.give("epoch", number=1)
        server.wait_for(1, "finish")
        assert "release" not in server.actions(0)
        assert "finish" not in server.actions(0)


def test_a_full_disk_is_not_held_against_the_trial(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    _, server.rule = serving({"checkpoint-8": (200, b"x" * (1 << 20))})
    server.give("epoch", attempt=2, resume=resume(8, b"x" * (1 << 20)))
    worker = start_worker(1, LARGEST_FILE_BYTES=str(1 << 16))
    assert worker.exit_code() == 1
    [release] = server.of(0, "release")
    assert release.body == {"attempt": 2}
    [line] = [line for line in worker.lines if line.startswith("ERROR")]
    assert "this machine cannot go on: " in line
    assert "Traceback" not in worker.log


def test_a_checkpoint_that_the_server_cannot_read_now_is_not_given_up(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    asked, server.rule = serving({"checkpoint-8": problem(500, "internal_error")})
    server.give("epoch", attempt=2, resume=resume(8, EIGHT))
    worker = start_worker()
    [release] = server.wait_for(0, "release")
    assert release.body == {"attempt": 2}
    assert asked == []
    assert "checkpoint-8: it cannot be fetched: it is internal_error" in worker.log
