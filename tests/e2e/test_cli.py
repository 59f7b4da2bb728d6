"""The command line against a real server of its own, as a user and a script would use them."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tuner_service.client import ApiError, Client, EpochEvent, StudyEvent, TrialEvent
from tuner_service.domain.trial import TrialState, Verdict

TUNER = (sys.executable, "-m", "tuner_service.cli")
STUDY = """\
name: {name}
executor: external
search_space:
  parameters:
    - {{name: x, type: float, min: -1, max: 1}}
    - {{name: lr, type: float, min: 1e-4, max: 1e-1, log: true}}
objectives: [{{metric: loss, direction: minimize}}]
search: {{algorithm: random, seed: 3}}
budget: {{trials: 3}}
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TUNER_")}
    return {**kept, "TUNER_HOME": str(home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


class Server:
    """A ``tuner`` process that serves, and what it has said."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [*TUNER, arguments[0], "--port", "0", "--home", str(home), *arguments[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(home),
        )
        self.said: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("log in"):
                break
        else:
            raise AssertionError(f"it ended with {self.process.wait()}: {self.said}")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = self.fact("server")

    def fact(self, name: str) -> str:
        return next(line for line in self.said if line.startswith(name))[len(name) :].strip()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.said.extend(line.rstrip() for line in output)

    def stop(self, number: int = signal.SIGTERM) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._reader.join(10)
        return code


@contextlib.contextmanager
def serving(home: Path, *arguments: str) -> Iterator[Server]:
    server = Server(home, *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), "up", "--no-worker") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(home=server.home, url=server.url) as client:
        yield client


def tuner(
    server: Server, *arguments: str, given: str | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*TUNER, *arguments],
        input=given,
        capture_output=True,
        text=True,
        env=environment(server.home),
        timeout=60,
        check=False,
    )
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def read(server: Server, *arguments: str) -> Any:
    return json.loads(tuner(server, *arguments, "--json").stdout)


def read_failing(server: Server, *arguments: str) -> Any:
    return json.loads(tuner(server, *arguments, "--json", code=1).stdout)


def create(server: Server, name: str) -> None:
    tuner(server, "study", "create", "-", given=STUDY.format(name=name))


def work(client: Client, study: str, most: int = 1000) -> None:
    """Train trials as an external executor does, until there is no more work."""
    for _ in range(most):
        if (held := client.claim(study, worker="laptop")) is None:
            return
        for epoch in range(2):
            loss = float(held.parameters["x"]) ** 2 + 1 / (epoch + 1)
            client.report(held, epoch=epoch, metrics={"loss": loss})
        client.finish(held)


# ── Starting and stopping ─────────────────────────────────────────────────────────────────────────


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


# ── Studies ───────────────────────────────────────────────────────────────────────────────────────


def test_a_study_from_a_file_to_its_winner(server: Server, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "bowl.yaml"
    file.write_text(STUDY.format(name="bowl"))

    created = read(server, "study", "create", str(file))
    assert (created["name"], created["progress"]["budget"]) == ("bowl", 3)
    assert created == client.transport.get("/v1/studies/bowl")
    work(client, "bowl")

    shown = read(server, "study", "show", "bowl")
    assert (shown["state"], shown["progress"]["completed"]) == ("completed", 3)
    trials = read(server, "study", "trials", "bowl")
    assert [trial["number"] for trial in trials] == [0, 1, 2]
    losses = {trial["number"]: trial["values"]["loss"] for trial in trials}
    best = read(server, "study", "best", "bowl")
    assert best["trial"] == min(losses, key=lambda number: losses[number])
    by_loss = read(server, "study", "trials", "bowl", "--order-by", "value", "--state", "completed")
    assert by_loss[0]["number"] == best["trial"]
    assert "bowl" in [
        study["name"] for study in read(server, "study", "list", "--state", "completed")
    ]
    assert read(server, "study", "trial", "bowl", "0")["history"][0]["what"] == "claimed"
    assert set(read(server, "study", "importance", "bowl")["importance"]) == {"x", "lr"}
    assert read(server, "study", "replay", "bowl")["confirmed"] == 3


def test_people_get_tables(server: Server, client: Client) -> None:
    create(server, "tables")
    work(client, "tables")

    assert re.search(r"tables\s+completed\s+3 of 3", tuner(server, "study", "list").stdout)
    assert re.search(r"best trial\s+\d", tuner(server, "study", "show", "tables").stdout)
    assert re.search(r"0\s+completed\s+loss=", tuner(server, "study", "trials", "tables").stdout)
    assert re.search(r"loss\s+0\.", tuner(server, "study", "best", "tables").stdout)
    assert "claimed by laptop (attempt 1)" in tuner(server, "study", "trial", "tables", "0").stdout
    tuner(server, "study", "create", "-", given=STUDY.format(name="a").replace("random", "auto"))
    shown = tuner(server, "study", "show", "a").stdout
    assert re.search(r"^picked +algorithm=bayesian  engine=kriging *$", shown, re.MULTILINE)
    assert re.search(r"^picked because +a Gaussian process needs", shown, re.MULTILINE)
    replayed = tuner(server, "study", "replay", "tables").stdout
    assert replayed == "3 suggestions confirmed, none differs\n"


def test_a_replay_names_the_first_suggestion_that_differs(server: Server, client: Client) -> None:
    create(server, "forged")
    work(client, "forged")
    with contextlib.closing(sqlite3.connect(server.home / "tuner.sqlite3")) as database, database:
        database.execute(
            "UPDATE trials SET parameters = json_set(parameters, '$.x', 0.125) "
            "WHERE number = 1 AND study_id = (SELECT id FROM studies WHERE name = 'forged')"
        )

    said = tuner(server, "study", "replay", "forged", code=1).stdout

    assert said.startswith("trial 1 differs, after 1 that were confirmed:")
    assert re.search(r"^x +0\.125 ", said, re.MULTILINE)
    assert "optuna=" in said
    assert read_failing(server, "study", "replay", "forged")["differs"]["number"] == 1


def test_watching_in_a_pipe_tells_lines_and_how_it_ended(server: Server, client: Client) -> None:
    create(server, "lines")
    work(client, "lines")

    said = tuner(server, "study", "watch", "lines").stdout.splitlines()

    assert sum(line.startswith("trial ") and "completed" in line for line in said) == 3
    assert 'study "lines" is completed: 3 completed' in said


def test_watching_a_cancelled_study_exits_with_1(server: Server) -> None:
    create(server, "cancelled")
    assert "cancelled" in tuner(server, "study", "cancel", "cancelled").stdout

    tuner(server, "study", "watch", "cancelled", code=1)


def test_a_study_is_steered(server: Server, client: Client) -> None:
    create(server, "steered")
    assert '"steered" is paused' in tuner(server, "study", "pause", "steered").stdout
    assert client.claim("steered", worker="laptop") is None
    assert '"steered" is running' in tuner(server, "study", "resume", "steered").stdout
    queued = tuner(server, "study", "queue", "steered", "x=0.5", "lr=1e-3").stdout
    assert 'trial 0 of study "steered" is queued' in queued
    work(client, "steered")
    assert client.trial("steered", 0).parameters == {"x": 0.5, "lr": 0.001}
    assert "with 5 trials" in tuner(server, "study", "extend", "steered", "--trials", "2").stdout
    work(client, "steered")
    assert client.study("steered").progress.completed == 5
    tuner(server, "study", "delete", "steered")

    assert "unknown study" in tuner(server, "study", "show", "steered", code=1).stderr


def test_files_come_back_as_they_were_sent(server: Server, client: Client, tmp_path: Path) -> None:
    create(server, "files")
    sent = tmp_path / "model.bin"
    sent.write_bytes(os.urandom(3_000_000))
    held = client.claim("files", worker="laptop")
    assert held is not None
    artifact = client.upload(held, sent)
    client.report(held, epoch=0, metrics={"loss": 1.0})
    client.finish(held)

    done = tuner(server, "study", "download", "files", "--to", str(tmp_path / "back"))

    assert done.stdout.strip() == str(tmp_path / "back" / "model.bin")
    assert (tmp_path / "back" / "model.bin").read_bytes() == sent.read_bytes()
    assert [each.sha256 for each in client.artifacts("files", 0)] == [artifact.sha256]


# ── Mistakes ──────────────────────────────────────────────────────────────────────────────────────


def test_everything_that_is_wrong_with_a_study_is_listed(server: Server) -> None:
    wrong = json.dumps({"search_space": "dense", "budget": {"trials": 0}, "colour": "red"})

    said = tuner(server, "study", "create", "-", given=wrong, code=1).stderr

    assert "\n  budget.trials: " in said
    assert "\n  colour: " in said


def test_an_unknown_search_space_is_told_with_the_known_ones(server: Server) -> None:
    wrong = json.dumps({"search_space": "convnt", "dataset": "digits"})

    said = tuner(server, "study", "create", "-", given=wrong, code=1).stderr

    assert 'unknown search space "convnt"; known: ' in said


def test_a_wrong_command_exits_with_2(server: Server) -> None:
    tuner(server, "study", "extend", "bowl", code=2)


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    said = tuner(
        server, "study", "list", "--url", "http://127.0.0.1:1", "--token", "sesame", code=1
    ).stderr

    assert said.startswith("error: no answer from the server at http://127.0.0.1:1:")
    assert "sesame" not in said


def test_a_wrong_token_is_told_and_not_shown(server: Server) -> None:
    said = tuner(server, "study", "list", "--token", "sesame", code=1).stderr

    assert said.startswith("error: ")
    assert "--token" in said
    assert "sesame" not in said


# ── Tokens, database, catalogue ───────────────────────────────────────────────────────────────────


def test_a_token_lives_from_its_creation_to_its_revocation(server: Server) -> None:
    created = tuner(server, "token", "create", "--role", "viewer", "--name", "wall")
    secret = created.stdout.strip()
    with Client(server.url, secret) as viewer:
        assert list(viewer.studies()) is not None
        with pytest.raises(ApiError) as caught:
            viewer.create_study({"search_space": "dense", "dataset": "digits"})
        assert caught.value.status == 403
        listed = {token["name"]: token for token in read(server, "token", "list")}
        assert (listed["wall"]["role"], listed["wall"]["revoked_at"]) == ("viewer", None)
        assert secret not in json.dumps(listed)

        tuner(server, "token", "revoke", "wall")

        with pytest.raises(ApiError) as caught:
            list(viewer.studies())
        assert caught.value.status == 401


def test_an_unknown_role_is_told_with_the_known_ones(server: Server) -> None:
    said = tuner(server, "token", "create", "--role", "king", "--name", "x", code=1).stderr

    assert 'unknown role "king"; allowed: viewer, submitter, worker, admin' in said


def test_the_schema_has_a_revision(server: Server, tmp_path: Path) -> None:
    assert read(server, "db", "current", "--home", str(tmp_path / "new")) == {"revision": None}
    tuner(server, "db", "upgrade", "--home", str(tmp_path / "new"))

    fresh = read(server, "db", "current", "--home", str(tmp_path / "new"))
    assert fresh == read(server, "db", "current")
    assert fresh["revision"]


def test_the_catalogue_is_there_before_any_worker(server: Server, client: Client) -> None:
    spaces = {space["name"]: space for space in read(server, "spaces")}
    assert {"dense", "separable_convnet"} <= set(spaces)
    assert read(server, "spaces", "dense") == client.transport.get("/v1/search-spaces/dense")
    assert {"digits", "breast_cancer"} <= {data["name"] for data in read(server, "datasets")}
    assert read(server, "workers") == []
    assert "learning_rate" in tuner(server, "spaces", "separable_convnet").stdout
    assert "digits" in tuner(server, "datasets", "digits").stdout
    assert {space.name for space in client.search_spaces()} == set(spaces)
    assert client.dataset("digits").name == "digits"


# ── The client ────────────────────────────────────────────────────────────────────────────────────


def test_the_client_asks_and_tells(server: Server, client: Client) -> None:
    create(server, "told")
    first = client.claim("told", worker="laptop", key="once")
    again = client.claim("told", worker="laptop", key="once")
    assert first is not None
    assert again == first
    assert client.report(first, epoch=0, metrics={"loss": 2.0}) is Verdict.CONTINUE
    assert client.heartbeat(first) is Verdict.CONTINUE
    assert client.release(first).state is TrialState.QUEUED
    with pytest.raises(ApiError, match="stale_attempt"):
        client.report(first, epoch=1, metrics={"loss": 1.0})

    second = client.claim("told", worker="laptop")
    assert second is not None
    assert (second.number, second.attempt) == (0, 2)
    assert client.finish(second, {"loss": 0.5}).values == {"loss": 0.5}
    third = client.claim("told", worker="laptop")
    assert third is not None
    assert client.fail(third, "out of luck").error == "out of luck"
    fourth = client.claim("told", worker="laptop")
    assert fourth is not None
    assert client.cancel_trial("told", fourth.number).state is TrialState.CANCELLED
    assert client.heartbeat(fourth) is Verdict.CANCEL

    assert client.study("told").state == "completed"
    best = client.best("told")
    assert best is not None
    assert best.trial == 0
    assert client.claim("told", worker="laptop") is None
    assert client.log("told", 0) == ""


def test_the_client_goes_on_from_the_last_whole_checkpoint(
    server: Server, client: Client, tmp_path: Path
) -> None:
    create(server, "resumed")
    first = client.claim("resumed", worker="laptop")
    assert first is not None
    assert client.fetch_checkpoint(first, tmp_path) == (0, None)
    for epoch in range(3):
        client.report(first, epoch=epoch, metrics={"loss": 3.0 - epoch})
        (tmp_path / "state").write_text(f"state after {epoch + 1} epochs")
        client.upload(first, tmp_path / "state", f"checkpoint-{epoch + 1}", checkpoint=epoch + 1)
    assert client.release(first, error="out of memory").state is TrialState.QUEUED
    [newest] = (
        file
        for file in (server.home / "artifacts").rglob("*")
        if file.is_file() and file.read_bytes() == b"state after 3 epochs"
    )
    newest.write_bytes(b"state after 3 epoch!")

    second = client.claim("resumed", worker="laptop")
    assert second is not None
    epoch, file = client.fetch_checkpoint(second, tmp_path)
    assert epoch == 2
    assert file is not None
    assert file.read_text() == "state after 2 epochs"
    client.report(second, epoch=2, metrics={"loss": 1.0})
    client.finish(second)
    history = client.trial("resumed", second.number).history
    assert history is not None
    assert [line.what for line in history] == [
        *("claimed", "died", "claimed", "resumed", "checkpoint_unusable", "resumed", "completed")
    ]
    assert tuner(server, "study", "cancel", "resumed", "--trial", "0", code=1)


def test_the_client_watches_in_order_until_the_end(server: Server, client: Client) -> None:
    create(server, "watched")
    worker = threading.Thread(target=work, args=(client, "watched"))
    events = client.watch("watched")
    first = next(events)
    worker.start()
    rest = list(events)
    worker.join()

    assert isinstance(first, StudyEvent)
    ids = [event.id for event in (first, *rest)]
    assert ids == sorted(set(ids))
    assert sum(isinstance(event, EpochEvent) for event in rest) == 6
    ended = [e.data.number for e in rest if isinstance(e, TrialEvent) and e.data.finished_at]
    assert ended == [0, 1, 2]
    assert list(client.watch("watched", after=ids[-2]))[-1].id == ids[-1]


def test_one_key_opens_one_study(client: Client) -> None:
    spec = {
        "executor": "external",
        "search_space": {"parameters": [{"name": "x", "type": "float", "min": 0, "max": 1}]},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
    }

    first = client.create_study(spec, idempotency_key="mine")
    assert client.create_study(spec, idempotency_key="mine").name == first.name
    with pytest.raises(ApiError, match="mine"):
        client.create_study({**spec, "priority": 1}, idempotency_key="mine")
