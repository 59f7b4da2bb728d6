"""A study from the command line: opened, watched, steered, its results fetched."""

import contextlib
import os
import re
import sqlite3
from pathlib import Path

from tests.e2e.cli.program import STUDY, Server, create, read, read_failing, tuner, work
from tuner_service.client import Client


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
    extended = tuner(server, "study", "extend", "steered", "--trials", "2").stdout
    assert extended == 'study "steered" is running, 3 of 5 trials have ended\n'
    work(client, "steered")
    assert client.study("steered").progress.completed == 5
    tuner(server, "study", "delete", "steered")

    assert "unknown study" in tuner(server, "study", "show", "steered", code=1).stderr


def test_a_study_that_was_steered_tells_how_many_trials_it_has_had(
    server: Server, client: Client
) -> None:
    create(server, "halfway")
    work(client, "halfway", most=1)
    client.claim("halfway", worker="laptop")

    said = [
        tuner(server, "study", command, "halfway").stdout
        for command in ("pause", "resume", "cancel")
    ]

    assert said == [
        'study "halfway" is paused, 1 of 3 trials have ended\n',
        'study "halfway" is running, 1 of 3 trials have ended\n',
        'study "halfway" is cancelled, 2 of 3 trials have ended\n',
    ]


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


def test_a_trial_without_files_says_so_and_leaves_no_folder(
    server: Server, client: Client, tmp_path: Path
) -> None:
    create(server, "bare")
    work(client, "bare", most=1)

    done = tuner(server, "study", "download", "bare", "--to", str(tmp_path / "back"), code=1)

    assert (done.stdout, done.stderr) == ("", 'error: trial 0 of study "bare" has no files\n')
    assert not (tmp_path / "back").exists()


def test_people_and_programs_read_a_log(server: Server, client: Client, tmp_path: Path) -> None:
    create(server, "logs")
    log = tmp_path / "log.txt"
    log.write_text("Epoch 1/2\nEpoch 2/2\n")
    held = client.claim("logs", worker="laptop")
    assert held is not None
    client.upload(held, log)

    assert tuner(server, "study", "log", "logs", "0").stdout == log.read_text()
    assert read(server, "study", "log", "logs", "0") == ["Epoch 1/2", "Epoch 2/2"]
