"""What kills a training process is told as a death; what only this machine lacks is not held against the trial."""

import errno
import os
from pathlib import Path

import pytest

from tests.unit.worker.conftest import StartWorker
from tests.unit.worker.scripted_server import Answer, ScriptedServer, Told, problem


def pid_of(server: ScriptedServer, number: int) -> int:
    return int(server.of(number, "epochs")[0].body["metrics"]["pid"])


def test_a_process_that_is_killed_is_told_with_its_last_words(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; print allocating; print too much; kill", number=0, attempt=2)
    server.give("epoch", number=1)
    worker = start_worker()
    server.wait_for(1, "finish")
    [release] = server.of(0, "release")
    assert release.body["attempt"] == 2
    first, *rest = release.body["error"].splitlines()
    assert first.startswith("the training process ended by signal 9 (Killed")
    assert rest[-2:] == ["allocating", "too much"]
    assert server.of(0, "artifacts/log.txt")[0].body == b"allocating\ntoo much\n"
    assert server.of(0, "finish") == []
    assert pid_of(server, 0) != pid_of(server, 1)
    assert "attempt 2 died: the training process ended by signal 9" in worker.log


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("exit 3", "ended by itself with exit code 3"),
        ("babble", "the training process said b'no J"),
    ],
)
def test_a_process_that_ends_or_speaks_nonsense_has_died_too(
    server: ScriptedServer, start_worker: StartWorker, step: str, said: str
) -> None:
    server.give(f"epoch; {step}")
    start_worker()
    [release] = server.wait_for(0, "release")
    assert said in release.body["error"]
    assert "finish" not in server.actions(0)


def test_what_was_written_whole_before_a_death_goes_up_before_it_is_told(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    dead = tmp_path / "dead"

    def slow(told: Told) -> Answer | None:
        # Until it is dead for sure.
        return (
            None
            if told.action != "checkpoint-1" or dead.exists()
            else problem(503, "store_unavailable")
        )

    server.rule = slow
    server.give("epoch; checkpoint; epoch; kill")
    worker = start_worker()
    server.wait_for(0, "artifacts/checkpoint-1")
    worker.wait_for_line("training process", 2)
    dead.touch()
    server.wait_for(0, "release")
    actions = server.actions(0)
    assert actions[-1] == "release"
    assert server.of(0, "artifacts/checkpoint-1")[-1].body == b"state after 1 epochs"
    assert actions.index("release") > actions.index("log.txt") > actions.index("checkpoint-1")


def test_an_exception_for_lack_of_memory_is_a_failure_inside_training(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; fail ResourceExhaustedError: OOM when allocating")
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "failed"
    assert "release" not in server.actions(0)


def test_a_death_after_the_last_word_is_none(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    def rule(told: Told) -> Answer | None:
        if told.action == "finish" and not server.of(0, "finish"):
            os.kill(pid_of(server, 0), 9)
            return problem(503, "busy")
        return None

    server.rule = rule
    server.give("epoch", number=0)
    server.give("epoch", number=1)
    start_worker()
    server.wait_for(1, "finish")
    assert server.of(0, "finish")[-1].body["state"] == "completed"
    assert server.of(0, "release") == []


def test_a_training_without_a_batch_for_too_long_is_killed_and_counts_as_dead(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; hang", number=0, training={"epochs": 3, "max_silence_seconds": 1.0})
    server.give("epoch", number=1)
    worker = start_worker()
    server.wait_for(1, "finish")
    [release] = server.of(0, "release")
    said = "no batch for 1 s; the training process was killed"
    assert release.body["error"].startswith(said)
    assert f"trial s/0: {said}" in worker.log
    assert pid_of(server, 0) != pid_of(server, 1)


def test_a_long_epoch_with_batches_does_not_hang(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    server.lease_seconds = 0.3
    done = tmp_path / "done"
    server.give(
        f"epoch; tick 0.05 {done}; epoch", training={"epochs": 3, "max_silence_seconds": 2.0}
    )
    start_worker()
    server.wait_for(0, "heartbeat", 25)
    done.touch()
    server.wait_for(0, "finish")
    assert "release" not in server.actions(0)


@pytest.mark.parametrize(
    ("script", "dies"), [("epoch; wait {}", False), ("epoch; alive; wait {}", True)]
)
def test_silence_counts_only_for_a_process_that_tells_its_batches(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path, script: str, dies: bool
) -> None:
    server.lease_seconds = 0.3
    done = tmp_path / "done"
    server.give(
        script.format(done),
        parameters={"script": script.format(done), "silent": 1},
        training={"epochs": 3, "max_silence_seconds": 1.0},
    )
    start_worker()
    if dies:
        server.wait_for(0, "release")
        return
    server.wait_for(0, "heartbeat", 15)
    done.touch()
    server.wait_for(0, "finish")
    assert "release" not in server.actions(0)


def test_a_paused_training_that_hangs_is_not_waited_for_for_ever(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (200, {"verdict": "pause"}) if told.action == "epochs" else None
    server.give("epoch; hang", training={"epochs": 3, "max_silence_seconds": 1.0})
    start_worker()
    [release] = server.wait_for(0, "release")
    assert release.body["error"].startswith("no batch for 1 s")


def test_a_fault_of_the_server_does_not_fail_the_trial(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: problem(500, "internal_error") if told.action == "epochs" else None
    server.give("epoch; spin")
    start_worker()
    [release] = server.wait_for(0, "release")
    assert "it is internal_error" in release.body["error"]
    assert "finish" not in server.actions(0)


def test_a_full_disk_seen_by_the_process_ends_the_worker_and_costs_no_attempt(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    full = os.strerror(errno.ENOSPC)
    server.give(f"epoch; checkpoint; epoch; machine {full}")
    worker = start_worker()
    assert worker.exit_code() == 1
    [release] = server.of(0, "release")
    assert release.body == {"attempt": 1}
    assert server.of(0, "artifacts/checkpoint-1")
    [line] = [line for line in worker.lines if line.startswith("ERROR")]
    assert f"this machine cannot go on: {full}" in line


def test_a_folder_that_cannot_be_made_ends_the_worker_and_costs_no_attempt(
    server: ScriptedServer, start_worker: StartWorker, tmp_path: Path
) -> None:
    worker = start_worker()
    worker.wait_for_line("registered")
    [folder] = tmp_path.glob("tuner-worker-*")
    (folder / "slot-0").write_text("in the way")
    server.give("epoch")
    assert worker.exit_code() == 1
    assert server.actions(0) == ["release"]
    assert "this machine cannot go on: " in worker.log
    assert "Traceback" not in worker.log


def test_a_store_that_is_full_does_not_cost_the_result(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(507, "storage_full") if told.action == "model.keras" else None
    )
    server.give("epoch")
    worker = start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "completed"
    assert "model.keras was not taken: it is storage_full" in worker.log


@pytest.mark.parametrize(
    "answer",
    [problem(409, "epoch_out_of_order"), problem(409, "epoch_differs"), (200, b"<html>")],
)
def test_a_report_that_is_not_wrong_in_itself_costs_an_attempt_and_not_the_trial(
    server: ScriptedServer, start_worker: StartWorker, answer: Answer
) -> None:
    server.rule = lambda told: answer if told.action == "epochs" else None
    server.give("epoch; spin")
    start_worker()
    [release] = server.wait_for(0, "release")
    assert release.body["error"].startswith("the server refused a report: ")
    assert "finish" not in server.actions(0)


def test_a_training_that_goes_on_after_its_time_has_failed(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    # As if it had begun so long ago: 60 s and the second that a stop may take are given on top.
    server.give("hang", training={"epochs": 3, "max_seconds": -60.0})
    start_worker()
    [finish] = server.wait_for(0, "finish")
    assert finish.body["state"] == "failed"
    assert finish.body["error"].startswith("training.max_seconds (-60 s) passed")
    assert "release" not in server.actions(0)
