"""After a restore nobody holds what was given out before, on SQLite and on Postgres."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.contract.homes import serving, token_of
from tests.contract.studies import claimed, finish, opened, path, progress, release, report
from tests.postgres import binaries
from tuner_service.service.upkeep.restoring import NotSQLite, back_up, fence, restore
from tuner_service.settings import Settings

CONTENT = b"weights" * 1000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=60)


def test_a_restored_trial_goes_on_elsewhere_and_its_holder_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with serving(settings) as api:
        token = token_of(api)
        opened(api)
        trial = claimed(api)
        for epoch in range(3):
            report(api, trial, epoch, 0.5)
        checkpoint = {"attempt": 1, "checkpoint": 2}
        reply = api.put(path(trial, "artifacts/checkpoint-2"), params=checkpoint, content=CONTENT)
        assert reply.status_code == 201
        waiting = claimed(api)
        release(api, waiting)
        back_up(settings, file)
        # All of this the backup does not know.
        report(api, trial, 3, 0.1)
        late = claimed(api, worker="w2")
        new = claimed(api, worker="w3")
        assert (late["number"], new["number"]) == (1, 2)
        report(api, new, 0, 0.1)
        events_before = last_event(settings)
    replaced = restore(settings, file)
    assert replaced is not None
    with serving(settings, token) as api:
        shown = api.get(path(trial)).json()
        assert (shown["state"], shown["epochs"]) == ("queued", 2)
        assert [line["what"] for line in shown["history"]][-1] == "restored"
        assert "restored from a backup" in shown["history"][-1]["detail"]
        for held in (trial, late):
            reply = report(api, held, 2, 0.5)
            assert (reply.status_code, reply.json()["code"]) == (409, "stale_attempt")
        again, also, fresh = claimed(api), claimed(api), claimed(api)
        assert [each["number"] for each in (again, also, fresh)] == [0, 1, 2]
        assert again["resume"]["epoch"] == 2
        assert all(each["attempt"] > 1000 for each in (again, also, fresh))
        # The number was given out before, with the same first attempt.
        reply = report(api, new, 0, 0.1)
        assert (reply.status_code, reply.json()["code"]) == (409, "stale_attempt")
        assert finish(api, late, values={"loss": 0.1}).status_code == 409
        assert report(api, again, 2, 0.4).json() == {"verdict": "continue"}
        assert finish(api, again).json()["best_epoch"] == 2
        assert progress(api)["completed"] == 1
        assert last_event(settings) > events_before


def last_event(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.home / "tuner.sqlite3")) as connection:
        (last,) = connection.execute("SELECT max(id) FROM events").fetchone()
    return int(last)


def test_the_same_backup_restored_again_gives_out_new_attempts(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with serving(settings) as api:
        token = token_of(api)
        opened(api)
        claimed(api)
        back_up(settings, file)
    attempts = []
    for _ in range(3):
        restore(settings, file)
        with serving(settings, token) as api:
            trial = claimed(api)
            assert trial["number"] == 0
            attempts.append(trial["attempt"])
    assert [attempt % 1000 for attempt in attempts] == [2, 2, 2]
    assert 1000 < attempts[0] < attempts[1] < attempts[2]


def test_a_study_that_is_opened_after_a_restore_is_not_the_one_that_was_lost(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with serving(settings) as api:
        token = token_of(api)
        back_up(settings, file)
        opened(api, name="late")
        old = claimed(api, "late")
    restore(settings, file)
    with serving(settings, token) as api:
        opened(api, name="late")
        assert claimed(api, "late")["attempt"] != old["attempt"]
        assert report(api, old, 0, 0.1).json()["code"] == "stale_attempt"


def test_postgres_is_backed_up_and_restored_with_its_own_tools(
    postgres: str, postgres_database: str, tmp_path: Path
) -> None:
    folder = binaries()
    assert folder is not None, "the tests need Postgres's own tools"
    file = tmp_path / "backup.dump"
    with_password = postgres_database.replace("//tuner@", "//tuner:geheim@")
    settings = Settings(home=tmp_path / "home", database_url=with_password)
    with serving(settings) as api:
        token = token_of(api)
        opened(api)
        trial = claimed(api)
        report(api, trial, 0, 0.5)
        with pytest.raises(NotSQLite) as raised:
            back_up(settings, file)
        shown = raised.value.message.splitlines()[-1]
        assert "geheim" not in raised.value.message
        run(f"{folder}/{shown}")
        opened(api, name="later")
    target = f"{postgres_database}_restored"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{target.rsplit("/", 1)[1]}"')
        try:
            run(f"{folder}/pg_restore --clean --if-exists --dbname={target} {file}")
            restored = Settings(home=settings.home, database_url=target)
            fence(restored)
            with serving(restored, token) as api:
                assert [item["name"] for item in api.get("/v1/studies").json()["items"]] == ["demo"]
                assert report(api, trial, 1, 0.4).json()["code"] == "stale_attempt"
                attempts = [claimed(api)["attempt"] for _ in range(2)]
                assert [attempt % 1000 for attempt in attempts] == [2, 1]
                assert min(attempts) > 1000
        finally:
            admin.execute(f'DROP DATABASE "{target.rsplit("/", 1)[1]}" WITH (FORCE)')


def run(command_line: str) -> None:
    done = subprocess.run(
        command_line,
        shell=True,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
