"""How a worker ends: told to, told twice, killed, left alone by its parent, or unable to work."""

import ctypes
import signal

import psutil
import pytest

from tests.unit.worker.conftest import TOKEN, StartWorker
from tests.unit.worker.scripted_server import WAIT_SECONDS, ScriptedServer, problem


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_every_trial_back(
    server: ScriptedServer, start_worker: StartWorker, number: signal.Signals
) -> None:
    server.give("epoch; spin", number=0)
    server.give("epoch; spin", number=1)
    worker = start_worker(3)
    server.wait_for(0, "epochs")
    server.wait_for(1, "epochs")
    children = worker.children()
    worker.signal(number)
    assert worker.exit_code() == 0
    assert server.actions(0) == ["epochs", "release"]
    assert server.actions(1) == ["epochs", "release"]
    assert len(children) == 3
    assert not psutil.wait_procs(children, WAIT_SECONDS)[1]


def test_its_last_word_is_that_it_stopped(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; spin")
    worker = start_worker()
    server.wait_for(0, "epochs")
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    told = [each for each in server.told if each.action == "release" or each.method == "PUT"]
    before, release, last = told[-3:]
    assert (release.action, last.path) == ("release", before.path)
    assert last.body == {**before.body, "stopped": True}


def test_a_server_that_does_not_know_the_last_word_is_in_nobodys_way(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(422, "invalid_request") if "stopped" in (told.body or ()) else None
    )
    worker = start_worker()
    worker.wait_for_line("registered")
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert "invalid_request" not in worker.log


def test_a_signal_that_does_not_wake_the_main_thread_is_heeded(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    worker = start_worker()
    worker.wait_for_line("registered")
    process = worker.popen.pid
    other = next(t.id for t in psutil.Process(process).threads() if t.id != process)
    assert ctypes.CDLL(None).tgkill(process, other, signal.SIGTERM) == 0
    assert worker.exit_code() == 0


def test_a_trial_is_given_back_only_after_its_process_stopped_or_was_killed(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; hang")
    worker = start_worker()
    [epoch] = server.wait_for(0, "epochs")
    alive: list[bool] = []
    server.rule = lambda told: (
        alive.append(psutil.pid_exists(epoch.body["metrics"]["pid"]))
        if told.action == "release"
        else None
    )
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert alive == [False]


def test_a_worker_stops_while_its_server_is_down(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; spin")
    worker = start_worker(1, GRACE_SECONDS="2")
    server.wait_for(0, "epochs")
    server.stop()
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert "its lease will run out" in worker.log


def test_a_second_signal_ends_everything_at_once(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; hang")
    worker = start_worker()
    server.wait_for(0, "epochs")
    children = worker.children()
    worker.signal(signal.SIGTERM)
    while "stopping" not in worker.log:
        assert worker.popen.poll() is None
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 128 + signal.SIGTERM
    assert not psutil.wait_procs(children, WAIT_SECONDS)[1]
    assert server.of(0, "release") == []


def test_the_processes_of_a_killed_worker_end_by_themselves(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; hang", number=0)
    worker = start_worker(2)
    server.wait_for(0, "epochs")
    children = worker.children()
    worker.signal(signal.SIGKILL)
    worker.exit_code()
    assert len(children) == 2
    assert not psutil.wait_procs(children, WAIT_SECONDS)[1]


def test_the_end_of_the_parent_is_as_good_as_a_signal(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; spin")
    worker = start_worker(1, "stop-with-parent")
    server.wait_for(0, "epochs")
    assert worker.popen.stdin is not None
    worker.popen.stdin.close()
    assert worker.exit_code() == 0
    assert server.actions(0) == ["epochs", "release"]


@pytest.mark.parametrize(("status", "code"), [(401, "unauthenticated"), (403, "forbidden")])
def test_a_token_that_is_not_accepted_ends_the_worker_with_one_line(
    server: ScriptedServer, start_worker: StartWorker, status: int, code: str
) -> None:
    server.rule = lambda told: problem(status, code)
    worker = start_worker()
    assert worker.exit_code() == 1
    [line] = [line for line in worker.lines if line.startswith("ERROR")]
    assert f"the server refused the worker: it is {code}" in line
    assert "Traceback" not in worker.log
    assert TOKEN not in worker.log


def test_a_token_that_is_revoked_ends_the_worker(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(401, "unauthenticated") if told.path == "/v1/claims" else None
    )
    worker = start_worker()
    assert worker.exit_code() == 1
    assert "does not accept this worker any more" in worker.log


def test_processes_that_cannot_start_end_the_worker_with_their_last_words(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    worker = start_worker(1, CHILD_COMMAND="/bin/ls /no/such/framework")
    assert worker.exit_code() == 1
    assert "/no/such/framework" in worker.log
    assert "ended before they were ready" in worker.log


@pytest.mark.parametrize(("token", "says"), [("", "TUNER_TOKEN"), ("two\nlines", "TUNER_TOKEN")])
def test_a_token_that_cannot_be_one_is_refused_unspoken(
    start_worker: StartWorker, token: str, says: str
) -> None:
    worker = start_worker(1, TUNER_TOKEN=token)
    assert worker.exit_code() == 1
    assert says in worker.log
    assert "lines" not in worker.log


def test_a_process_that_is_deaf_does_not_cost_the_release_within_the_grace_time(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.give("epoch; checkpoint; hang", number=0)
    server.give("last words; epoch; spin", number=1)
    worker = start_worker(2, GRACE_SECONDS="1")
    server.wait_for(0, "epochs")
    server.wait_for(1, "epochs")
    children = worker.children()
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert [told.body for told in server.of(0, "release")] == [{"attempt": 1}]
    assert [told.body for told in server.of(1, "release")] == [{"attempt": 1}]
    assert server.of(1, "artifacts/checkpoint-1")
    assert not psutil.wait_procs(children, WAIT_SECONDS)[1]


def test_the_lease_is_kept_while_a_trial_is_given_back(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.lease_seconds = 0.3
    server.rule = lambda told: (
        problem(503, "store_unavailable") if told.action == "checkpoint-1" else None
    )
    server.give("last words; epoch; spin")
    worker = start_worker(1, GRACE_SECONDS="3")
    server.wait_for(0, "epochs")
    worker.signal(signal.SIGTERM)
    server.wait_for(0, "artifacts/checkpoint-1")
    beats = len(server.of(0, "heartbeat"))
    server.wait_for(0, "heartbeat", beats + 2)
    assert server.of(0, "release") == []
    assert worker.exit_code() == 0
    assert server.of(0, "release")


def test_a_trial_that_is_done_but_whose_files_do_not_get_through_is_given_back(
    server: ScriptedServer, start_worker: StartWorker
) -> None:
    server.rule = lambda told: (
        problem(503, "store_unavailable") if told.action == "model.keras" else None
    )
    server.give("epoch")
    worker = start_worker(1, GRACE_SECONDS="4")
    server.wait_for(0, "artifacts/model.keras")
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    assert server.actions(0)[-1] == "release"
    assert "finish" not in server.actions(0)
