"""Checkpoints go up beside the training, the newest first, and the last one before a trial is given back."""

import base64
import hashlib
import signal
import threading
from pathlib import Path

import pytest

from tests.unit.worker.conftest import StartWorker
from tests.unit.worker.scripted_server import WAIT_SECONDS, Answer, ScriptedServer, Told, problem


def verdict_on(action: str, verdict: str) -> Answer | None:
    return (200, {"verdict": verdict}) if action == "epochs" else None


def test_a_checkpoint_goes_up_with_its_digest_and_the_log_until_then(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.give(f"epoch; print so far; epoch; checkpoint; wait {tmp_path / 'never'}", attempt=2)
    worker = start_worker()
    [log] = server.wait_for(0, "artifacts/log.txt")
    [told] = server.of(0, "artifacts/checkpoint-2")
    assert told.body == b"state after 2 epochs"
    assert told.query == {"attempt": ["2"], "checkpoint": ["2"]}
    digest = base64.b64encode(hashlib.sha256(told.body).digest()).decode()
    assert told.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert log.body == b"so far\n"
    assert server.actions(0) == ["epochs", "epochs", "checkpoint-2", "log.txt"]
    worker.wait_for_line("trial s/0: checkpoint of 2 epochs uploaded")
    assert list(tmp_path.rglob("checkpoint-*")) == []


def test_epochs_do_not_wait_for_a_checkpoint_and_only_the_newest_waiting_one_goes_up(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    on_hold, go_on = threading.Event(), tmp_path / "go on"

    def hold_back(told: Told) -> Answer | None:
        if told.action == "checkpoint-1" and not on_hold.is_set():
            on_hold.set()
            # The fourth epoch is told after the third checkpoint was written.
            server.changed.wait_for(lambda: len(server.of(0, "epochs")) == 4, WAIT_SECONDS)
        return None

    server.rule = hold_back
    first = tmp_path / "first"
    server.give(
        f"epoch; checkpoint; wait {first}; epoch; checkpoint; epoch; checkpoint; epoch; wait {go_on}"
    )
    start_worker()
    assert on_hold.wait(WAIT_SECONDS)
    first.touch()
    server.wait_for(0, "artifacts/checkpoint-3")
    go_on.touch()
    server.wait_for(0, "finish")
    sent = [told.action for told in server.of(0, "artifacts/checkpoint")]
    assert sent == ["checkpoint-1", "checkpoint-3"]
    assert list(tmp_path.rglob("checkpoint-*")) == []


def test_a_refused_checkpoint_costs_the_trial_nothing(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.rule = lambda told: problem(413, "too_large") if told.action == "checkpoint-1" else None
    go_on = tmp_path / "go on"
    server.give(f"epoch; checkpoint; wait {go_on}; epoch")
    worker = start_worker()
    worker.wait_for_line("the checkpoint of 1 epochs was not taken: it is too_large")
    go_on.touch()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"


def test_a_refused_checkpoint_of_another_attempt_stops_the_training(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(409, "stale_attempt") if told.action == "checkpoint-1" else None
    )
    server.give("epoch; checkpoint; spin", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs", "checkpoint-1"]


def test_a_pause_waits_for_the_epoch_and_its_checkpoint_is_up_before_the_release(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 0.3
    done = tmp_path / "done"
    server.rule = lambda told: verdict_on(told.action, "pause")
    server.give(f"last words; epoch; long {done}; epoch")
    start_worker()
    # Told at the first epoch; many heartbeats later the second one still runs.
    server.wait_for(0, "heartbeat", 6)
    assert server.actions(0) == ["epochs"]
    done.touch()
    [release] = server.wait_for(0, "release")
    assert release.body == {"attempt": 1}
    assert server.actions(0) == ["epochs", "epochs", "checkpoint-2", "log.txt", "release"]


@pytest.mark.parametrize("verdict", ["cancel", "prune"])
def test_what_ends_a_trial_does_not_wait_for_the_epoch_that_a_pause_waits_for(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path, verdict: str
) -> None:
    server.lease_seconds = 0.3

    def rule(told: Told) -> Answer | None:
        if "/trials/0/" not in told.path:
            return None
        if told.action == "heartbeat":
            return (200, {"verdict": verdict}) if server.of(0, "epochs") else None
        return verdict_on(told.action, "pause")

    server.rule = rule
    server.give(f"last words; epoch; long {tmp_path / 'never'}")
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.actions(0) == ["epochs", "training.csv", "log.txt"]
    assert server.of(0, "artifacts/log.txt")[0].body == b"no last words\n"


def test_a_shutdown_does_not_wait_for_the_epoch_that_a_pause_waits_for(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.rule = lambda told: verdict_on(told.action, "pause")
    server.give(f"last words; epoch; long {tmp_path / 'never'}")
    worker = start_worker()
    server.wait_for(0, "epochs")
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert server.actions(0) == ["epochs", "checkpoint-1", "log.txt", "release"]
    assert "did not stop" not in worker.log


def test_a_signal_sends_the_last_checkpoint_before_the_trial_is_given_back(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("last words; epoch; epoch; spin")
    worker = start_worker()
    server.wait_for(0, "epochs", 2)
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert server.actions(0) == ["epochs", "epochs", "checkpoint-2", "log.txt", "release"]
    [release] = server.of(0, "release")
    assert release.body == {"attempt": 1}


def test_a_checkpoint_that_does_not_get_through_in_time_does_not_cost_the_release(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(503, "store_unavailable") if told.action == "checkpoint-1" else None
    )
    server.give("last words; epoch; spin")
    worker = start_worker(1, GRACE_SECONDS="3")
    server.wait_for(0, "epochs")
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert server.of(0, "artifacts/checkpoint-1")
    [release] = server.of(0, "release")
    assert release.body == {"attempt": 1}


def test_checkpoints_of_a_completed_trial_are_dropped(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(503, "store_unavailable") if told.action.startswith("checkpoint-") else None
    )
    server.give("epoch; checkpoint; epoch; checkpoint", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    [finish] = server.of(0, "finish")
    assert finish.body["state"] == "completed"
    assert server.actions(0)[-1] == "finish"


def test_a_checkpoint_that_made_room_for_newer_ones_is_no_fault(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    tried, gone = tmp_path / "tried", tmp_path / "gone"

    def rule(told: Told) -> Answer | None:
        if told.action == "checkpoint-1" and not gone.exists():
            tried.touch()
            return problem(503, "store_unavailable")
        return None

    server.rule = rule
    go_on = tmp_path / "go on"
    server.give(
        f"epoch; checkpoint; wait {tried}; forget 1; epoch; checkpoint; wait {go_on}", attempt=1
    )
    worker = start_worker()
    server.wait_for(0, "artifacts/checkpoint-2")
    worker.wait_for_line("the checkpoint of 1 epochs is gone")
    assert "could not be sent" not in worker.log
    go_on.touch()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"
