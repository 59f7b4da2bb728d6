"""A worker takes trials, relays what their processes say, and does what the server says."""

import base64
import hashlib
from pathlib import Path

from tests.unit.worker.conftest import TOKEN, StartWorker
from tests.unit.worker.scripted_server import Answer, ScriptedServer, Told, problem


def pids(epochs: list[Told]) -> set[int]:
    return {told.body["metrics"]["pid"] for told in epochs}


def test_epochs_are_relayed_in_order_then_files_then_the_end(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; nan; epoch")
    start_worker()
    [finish] = server.wait_for(0, "finish")
    epochs = server.of(0, "epochs")
    assert [told.body["epoch"] for told in epochs] == [0, 1, 2]
    assert epochs[1].body["metrics"]["val_accuracy"] is None
    assert all(told.body["attempt"] == 1 for told in epochs)
    assert all(told.body["model_parameters"] == 1234 for told in epochs)
    assert finish.body == {
        "attempt": 1,
        "state": "completed",
        "error": None,
        "model_parameters": 1234,
    }
    files = ["model.keras", "training.csv", "log.txt"]
    assert server.actions(0) == ["epochs"] * 3 + files + ["finish"]
    assert all(told.headers["Authorization"] == f"Bearer {TOKEN}" for told in server.told)


def test_the_log_says_what_was_claimed_with_its_settings_of_training(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch")
    worker = start_worker()
    server.wait_for(0, "finish")
    [claimed] = (line for line in worker.log.splitlines() if " claimed, attempt 1: " in line)
    assert "'script': 'epoch'" in claimed
    assert claimed.endswith("training {'epochs': 3}")


def test_why_a_training_ended_before_its_last_epoch_is_told(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; because val_loss had not improved")
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["detail"] == "val_loss had not improved"


def test_artifacts_carry_their_digest_and_attempt(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("print hello", attempt=3)
    start_worker()
    server.wait_for(0, "finish")
    uploads = {told.action: told for told in server.of(0, "artifacts")}
    assert uploads["model.keras"].body == b"weights of 0"
    assert uploads["log.txt"].body == b"hello\n"
    for told in uploads.values():
        digest = base64.b64encode(hashlib.sha256(told.body).digest()).decode()
        assert told.headers["Content-Digest"] == f"sha-256=:{digest}:"
        assert told.query == {"attempt": ["3"]}


def test_the_registration_has_the_catalogue_and_comes_before_any_claim(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch")
    start_worker(2)
    server.wait_for(0, "finish")
    first = server.told[0]
    assert (first.method, first.path) == ("PUT", "/v1/workers/w1")
    assert first.body["slots"] == 2
    assert first.body["search_spaces"] == [{"name": "dense"}]
    assert first.body["datasets"] == [{"name": "digits"}]
    assert first.body["devices"][0]["kind"] == "cpu"
    assert "cpu_percent" in first.body["load"]


def test_a_healthy_process_trains_one_trial_after_the_other(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch", number=0)
    server.give("fail the build raised", number=1)
    server.give("epoch", number=2)
    start_worker()
    server.wait_for(2, "finish")
    [failed] = server.of(1, "finish")
    assert failed.body["state"] == "failed"
    assert failed.body["error"] == "the build raised"
    assert len(pids(server.of(0, "epochs") + server.of(2, "epochs"))) == 1


def test_a_process_that_ran_out_of_memory_is_replaced(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; fail ResourceExhaustedError: OOM when allocating", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert len(pids(server.of(0, "epochs") + server.of(1, "epochs"))) == 2


def test_heartbeats_keep_the_lease_between_epochs(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 0.3
    go_on = tmp_path / "go on"
    server.give(f"epoch; wait {go_on}; epoch")
    start_worker()
    beats = server.wait_for(0, "heartbeat", 3)
    assert all(told.body == {"attempt": 1} for told in beats)
    go_on.touch()
    server.wait_for(0, "finish")


def test_a_verdict_on_an_epoch_prunes_and_frees_the_slot(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def prune(told: Told) -> Answer | None:
        if "/trials/0/epochs" in told.path and told.body["epoch"] == 1:
            return 200, {"verdict": "prune"}
        return None

    server.rule = prune
    server.give("epoch; epoch; print seen; spin; epoch", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs", "epochs", "training.csv", "log.txt"]
    assert len(pids(server.of(0, "epochs") + server.of(1, "epochs"))) == 1


def test_a_verdict_on_a_heartbeat_counts_too(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.lease_seconds = 0.3
    server.rule = lambda told: (
        (200, {"verdict": "cancel"}) if told.path.endswith("0/heartbeat") else None
    )
    server.give("epoch; spin", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs", "training.csv", "log.txt"]


def test_a_stale_attempt_is_dropped_without_another_word(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: problem(409, "stale_attempt") if "/trials/0/" in told.path else None
    server.give("epoch; spin; epoch", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs"]


def test_a_process_that_is_deaf_to_stop_is_killed_and_replaced(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        (200, {"verdict": "prune"}) if told.path.endswith("0/epochs") else None
    )
    server.give("epoch; hang", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs", "training.csv", "log.txt"]
    assert len(pids(server.of(0, "epochs") + server.of(1, "epochs"))) == 2


def test_a_refused_file_does_not_cost_the_result(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: problem(413, "too_large") if told.action == "model.keras" else None
    server.give("epoch")
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"


def test_a_refused_report_fails_the_trial_with_the_reason(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: problem(422, "invalid_request") if told.action == "epochs" else None
    server.give("epoch; spin")
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "failed"
    assert "it is invalid_request" in finish.body["error"]


def test_no_secret_is_in_the_environment_of_a_process(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("environment; epoch")
    worker = start_worker(1, TUNER_DATABASE_URL="postgresql://u:hidden-password@h/d")
    server.wait_for(0, "finish")
    [log] = server.of(0, "artifacts/log.txt")
    assert b"KERAS_BACKEND='tensorflow'\n" in log.body
    assert b"TUNER_TOKEN" not in log.body
    assert TOKEN not in log.body.decode()
    assert "hidden-password" not in log.body.decode()
    assert TOKEN not in worker.log
