"""The health checks, run."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from tests.unit.containers.dockerfile import entrypoint, health_command
from tests.unit.containers.package import DEFAULT_PORT
from tuner_service.api import operations


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def check_server(port: int) -> int:
    [python, flag, code] = health_command("server")
    assert (python, flag) == ("python", "-c")
    command = [sys.executable, flag, code.replace(str(DEFAULT_PORT), str(port))]
    return subprocess.run(command, capture_output=True, timeout=30).returncode


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (500, False)])
def test_the_servers_health_check_asks_an_open_route(status: int, healthy: bool) -> None:
    with answering(status) as (port, asked):
        assert (check_server(port) == 0) is healthy

    assert asked == ["/healthz"]
    [route] = [r for r in operations.router.routes if getattr(r, "path", None) == "/healthz"]
    assert "GET" in getattr(route, "methods", ())


def test_a_server_that_does_not_listen_is_not_healthy() -> None:
    with answering(200) as (port, _):
        pass

    assert check_server(port) != 0


def worker_is_healthy(monkeypatch: pytest.MonkeyPatch, *processes: psutil.Process) -> bool:
    """Run the check in a machine that has only these processes."""

    def process_iter(attributes: list[str]) -> Iterator[psutil.Process]:
        for process in processes:
            process.info = process.as_dict(attributes)  # as psutil does
            yield process

    monkeypatch.setattr(psutil, "process_iter", process_iter)
    [python, flag, code] = health_command("worker")
    assert (python, flag) == ("python", "-c")
    with pytest.raises(SystemExit) as exit_:
        exec(code, {})
    return not exit_.value.code


def test_the_workers_health_check_tells_a_running_from_a_stopped_or_dead_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / entrypoint("worker")[0]
    script.write_text("import time; print('up', flush=True); time.sleep(60)")
    command = [sys.executable, str(script), *entrypoint("worker")[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        supervisor = psutil.Process(process.pid)
        try:
            assert worker_is_healthy(monkeypatch, psutil.Process(), supervisor)
            assert not worker_is_healthy(monkeypatch, psutil.Process())

            process.send_signal(signal.SIGSTOP)
            _wait_for_status(supervisor, psutil.STATUS_STOPPED)
            assert not worker_is_healthy(monkeypatch, supervisor)
        finally:
            process.kill()
        _wait_for_status(supervisor, psutil.STATUS_ZOMBIE)
        assert not worker_is_healthy(monkeypatch, supervisor)


def _wait_for_status(process: psutil.Process, status: str) -> None:
    for _ in range(500):
        if process.status() == status:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"the process is {process.status()}, not {status}")
