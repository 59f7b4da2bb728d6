"""A server that is down, restarting or busy costs a worker nothing but waiting."""

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
