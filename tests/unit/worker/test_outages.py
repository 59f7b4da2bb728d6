"""A server that is down, restarting or busy costs a worker nothing but waiting."""

import signal
import threading
from pathlib import Path

from tests.unit.worker.conftest import StartWorker
from tests.unit.worker.scripted_server import Answer, ScriptedServer, Told, problem


def test_epochs_of_an_outage_arrive_in_order_afterwards(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    down, trained = tmp_path / "down", tmp_path / "trained"
    server.give(f"epoch; wait {down}; epoch; epoch; epoch; wait {trained}; epoch")
    worker = start_worker()
    server.wait_for(0, "epochs")
    server.stop()
    down.touch()
    while "does not answer" not in worker.log:
        assert worker.popen.poll() is None, worker.log
    trained.touch()
    server.start()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"
    assert [told.body["epoch"] for told in server.of(0, "epochs")] == [0, 1, 2, 3, 4]
    assert len({told.body["metrics"]["pid"] for told in server.of(0, "epochs")}) == 1


def test_a_worker_that_is_started_first_waits_for_the_server(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.stop()
    worker = start_worker()
    while "does not answer" not in worker.log:
        assert worker.popen.poll() is None, worker.log
    server.give("epoch")
    server.start()
    server.wait_for(0, "finish")


def test_a_busy_server_is_asked_again_with_the_same_request(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    seen: set[str] = set()

    def busy_once(told: Told) -> Answer | None:
        first = told.path not in seen
        seen.add(told.path)
        return problem(503, "unavailable") if first else None

    server.rule = busy_once
    server.give("epoch")
    start_worker()
    first, second = server.wait_for(0, "finish", 2)
    assert first.body == second.body
    claims = [told.body["key"] for told in server.told if told.path == "/v1/claims"]
    assert claims[0] == claims[1]
    uploads = server.of(0, "artifacts/model.keras")
    assert [told.body for told in uploads] == [b"weights of 0"] * 2


def test_a_fault_of_the_server_is_not_asked_about_for_ever(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(500, "internal_error") if told.action == "training.csv" else None
    )
    server.give("epoch")
    start_worker()
    server.wait_for(0, "finish")
    assert 1 < len(server.of(0, "artifacts/training.csv")) < 10


def test_a_forgotten_worker_registers_again(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def forget_once(told: Told) -> Answer | None:
        claims = [one for one in server.told if one.path == "/v1/claims"]
        return problem(404, "unknown_worker") if told.path == "/v1/claims" and not claims else None

    server.rule = forget_once
    server.give("epoch")
    start_worker()
    server.wait_for(0, "finish")
    assert len([told for told in server.told if told.path == "/v1/workers/w1"]) >= 2


def test_a_worker_that_was_stopped_for_longer_than_its_lease_ends_the_training(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.lease_seconds = 0.6
    server.give("last words; epoch; spin", number=0)
    worker = start_worker()
    server.wait_for(0, "epochs")
    server.wait_for(0, "heartbeat")
    worker.signal(signal.SIGSTOP)
    server.rule = lambda told: problem(409, "stale_attempt") if "/trials/0/" in told.path else None
    asked = len(server.of(0, ""))
    worker.signal(signal.SIGCONT)
    server.give("epoch", number=1)
    server.wait_for(1, "finish")
    refused = [told.action for told in server.of(0, "")[asked:]]
    assert set(refused) <= {"heartbeat", "checkpoint-1"}
    assert refused[0] == "heartbeat"


def test_heartbeats_go_on_after_an_outage_that_was_longer_than_the_lease(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 0.3
    go_on = tmp_path / "go on"
    server.give(f"epoch; wait {go_on}; epoch")
    worker = start_worker()
    server.wait_for(0, "heartbeat")
    server.stop()
    worker.wait_for_line("does not answer")
    before = len(server.of(0, "heartbeat"))
    server.start()
    server.wait_for(0, "heartbeat", before + 3)
    go_on.touch()
    server.wait_for(0, "finish")


def test_a_fault_on_a_heartbeat_does_not_end_the_trial(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 0.3
    server.rule = lambda told: (
        problem(422, "invalid_request") if told.action == "heartbeat" else None
    )
    go_on = tmp_path / "go on"
    server.give(f"epoch; wait {go_on}; epoch")
    start_worker()
    server.wait_for(0, "heartbeat", 3)
    go_on.touch()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"


def test_a_connection_that_is_open_at_one_end_only_is_not_waited_for_beyond_the_lease(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 3.0
    answers = threading.Event()

    def swallow_the_first(told: Told) -> Answer | None:
        if told.action == "epochs" and not server.of(0, "epochs"):
            server.told.append(told)
            # The lock is let go of meanwhile: only this answer is missing.
            while not answers.is_set():
                server.changed.wait(0.05)
        return None

    server.rule = swallow_the_first
    server.give("epoch")
    start_worker()
    first, second = server.wait_for(0, "epochs", 2)
    assert first.body == second.body
    answers.set()
    server.wait_for(0, "finish")


def test_a_claim_that_was_lost_before_its_answer_came_is_made_anew_with_another_key(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    keys: list[str] = []

    def rule(told: Told) -> Answer | None:
        if told.path == "/v1/claims":
            keys.append(told.body["key"])
            return problem(409, "stale_attempt") if len(keys) == 1 else None
        return None

    server.rule = rule
    server.give("epoch")
    worker = start_worker()
    server.wait_for(0, "finish")
    assert keys[0] != keys[1]
    assert "no trial could be claimed" not in worker.log
