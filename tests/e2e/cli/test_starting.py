"""Starting, logging in, stopping, starting again."""

import json
import signal
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.e2e.cli.program import TUNER, Server, create, environment, read, serving, tuner, work
from tuner_service.client import Client


def test_up_says_where_everything_is(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert server.fact("home") == str(server.home)
    assert server.fact("log in").startswith(f"{server.url}/login?code=")


def test_the_admin_token_is_for_its_owner_alone(server: Server) -> None:
    mode = stat.S_IMODE((server.home / "admin.token").stat().st_mode)

    assert mode == 0o600


def test_a_login_link_works_once(server: Server) -> None:
    link = tuner(server, "login").stdout.strip()

    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
        assert browser.get(f"{server.url}/").status_code == 200
    with httpx.Client(follow_redirects=True) as thief:
        assert thief.get(link).status_code == 401


def test_a_second_up_on_the_same_home_is_told_of_the_first(server: Server) -> None:
    said = tuner(server, "up", "--no-worker", "--port", "0", code=1).stderr

    assert f"already at {server.url}" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", [["serve"], ["up", "--no-worker"]])
def test_a_signal_ends_it_in_good_order(tmp_path: Path, command: list[str], number: int) -> None:
    with serving(tmp_path / "home", *command) as server:
        assert server.stop(number) == 0

    assert not (tmp_path / "home" / "server.json").exists()
    assert not [line for line in server.said if "Traceback" in line]


def test_a_second_start_keeps_data_and_tokens(tmp_path: Path) -> None:
    with serving(tmp_path, "up", "--no-worker") as first:
        create(first, "kept")
        secret = (tmp_path / "admin.token").read_text()
    with serving(tmp_path, "serve") as second:
        assert read(second, "study", "show", "kept")["state"] == "running"
        assert (tmp_path / "admin.token").read_text() == secret


def test_a_killed_server_is_in_nobodys_way(tmp_path: Path) -> None:
    with serving(tmp_path, "up", "--no-worker") as first:
        create(first, "kept")
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with serving(tmp_path, "up", "--no-worker") as second:
        assert [study["name"] for study in read(second, "study", "list")] == ["kept"]


def test_watching_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, "up", "--no-worker") as first:
        port = str(httpx.URL(first.url).port)
        create(first, "bowl")
        watcher = subprocess.Popen(
            [*TUNER, "study", "watch", "bowl", "--json", "--url", first.url],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
        )
        try:
            assert watcher.stdout is not None
            seen = [json.loads(watcher.stdout.readline())]
            first.stop()
            with serving(tmp_path, "up", "--no-worker", "--port", port) as second:
                with Client(second.url, home=tmp_path) as client:
                    work(client, "bowl")
                seen += [json.loads(line) for line in watcher.stdout]
                assert watcher.wait(60) == 0
        finally:
            watcher.kill()
            watcher.communicate()
    ids = [event["id"] for event in seen]
    assert ids == sorted(set(ids))
    assert seen[-1]["data"]["state"] == "completed"


def test_a_wrong_setting_stops_the_start_with_a_message(tmp_path: Path) -> None:
    done = subprocess.run(
        [*TUNER, "serve", "--port", "0"],
        capture_output=True,
        text=True,
        env={**environment(tmp_path), "TUNER_LEASE_SECONDS": "soon"},
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: TUNER_LEASE_SECONDS:")
    assert "Traceback" not in done.stderr
