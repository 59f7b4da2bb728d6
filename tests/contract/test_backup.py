"""Backup while a server writes; restore, after which nobody holds what was given out before."""

import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from alembic import command
from sqlalchemy import text

from tests.contract.asgi import NO_TLS, serve
from tests.contract.studies import Json, claimed, finish, opened, path, progress, report
from tests.postgres import binaries
from tuner_service.service.setup import open_service, upgrade_database
from tuner_service.service.upkeep.restoring import NotSQLite, back_up, fence, restore
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings
from tuner_service.storage import backup, schema
from tuner_service.storage.engine import Database
from tuner_service.storage.integrity import DamagedDatabase

CONTENT = b"weights" * 1000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=60)


@pytest.fixture
def database(settings: Settings) -> Path:
    upgrade_database(settings)
    return settings.home / "tuner.sqlite3"


@contextmanager
def serving(settings: Settings, token: str | None = None) -> Iterator[httpx.Client]:
    """An administrator's client of a server on this home; ``token`` that of an earlier one."""
    with open_service(settings) as service, serve(service) as server:
        secret = token or create_token(service, "a", "admin")
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(
            base_url=server.url, headers=headers, timeout=60, verify=NO_TLS
        ) as client:
            yield client


def token_of(api: httpx.Client) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")


def released(api: httpx.Client, trial: Json) -> httpx.Response:
    return api.post(path(trial, "release"), json={"attempt": trial["attempt"]})


def test_a_backup_of_a_server_that_writes_is_of_one_moment(
    settings: Settings, tmp_path: Path
) -> None:
    """Each epoch is one commit of several rows; a backup has all of those rows or none, and what was acknowledged."""
    file = tmp_path / "backup"
    over = threading.Event()
    taken = 0
    with serving(settings) as api:
        opened(api)
        trial = claimed(api)

        def train() -> None:
            nonlocal taken
            while not over.is_set():
                assert report(api, trial, taken, 0.5).status_code == 200
                taken += 1

        training = threading.Thread(target=train)
        training.start()
        try:
            seen = []
            for _ in range(8):
                acknowledged = taken
                assert back_up(settings, file) == file.stat().st_size
                with closing(sqlite3.connect(file)) as copy:
                    (epochs,) = copy.execute("SELECT count(*) FROM epochs").fetchone()
                    (told,) = copy.execute("SELECT epochs FROM trials").fetchone()
                    count = "SELECT count(*) FROM events WHERE kind = 'epoch'"
                    (events,) = copy.execute(count).fetchone()
                assert epochs == told == events >= acknowledged
                seen.append(epochs)
        finally:
            over.set()
            training.join()
        assert seen[-1] > seen[0], "nothing was written meanwhile"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["backup"]


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
        released(api, waiting)
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


def test_the_replaced_database_is_kept(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with serving(settings) as api:
        token = token_of(api)
        back_up(settings, file)
        opened(api, name="later")
    replaced = restore(settings, file)
    assert replaced is not None
    with serving(settings, token) as api:
        assert api.get("/v1/studies/later").status_code == 404
    restore(settings, replaced)
    with serving(settings, token) as api:
        assert api.get("/v1/studies/later").status_code == 200


def test_a_home_without_a_database_takes_a_backup(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with serving(settings) as api:
        token = token_of(api)
        opened(api)
        back_up(settings, file)
    elsewhere = Settings(home=tmp_path / "elsewhere")
    assert restore(elsewhere, file) is None
    with serving(elsewhere, token) as api:
        assert api.get("/v1/studies/demo").json()["state"] == "running"


@pytest.mark.parametrize("damage", ["nonsense", "middle", "cut"])
def test_a_damaged_database_is_refused_at_start_and_replaced(
    settings: Settings, database: Path, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "backup"
    back_up(settings, file)
    intact = database.read_bytes()
    middle = intact[:8192] + b"\xff" * 16_384 + intact[24_576:]
    spoiled = {"nonsense": b"nonsense" * 999, "middle": middle, "cut": intact[: len(intact) // 2]}
    database.write_bytes(spoiled[damage])
    with pytest.raises(DamagedDatabase, match=r"tuner\.sqlite3 is damaged .*tuner db restore"):
        open_service(settings).__enter__()
    with pytest.raises(backup.BackupFailed):
        back_up(settings, tmp_path / "worthless")
    assert not (tmp_path / "worthless").exists()
    replaced = restore(settings, file)
    assert replaced is not None
    # SQLite may have noted in the first page that the file has no log beside it.
    assert replaced.read_bytes()[4096:] == spoiled[damage][4096:]
    with serving(settings) as api:
        assert api.get("/readyz").status_code == 200


def nonsense(file: Path) -> None:
    file.write_bytes(b"no database at all " * 500)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def something_else(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE songs (title text)")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def of_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (nonsense, "it is damaged, or no SQLite database"),
        (cut, "it is damaged, or no SQLite database"),
        (something_else, "it is a database of something else"),
        (empty, "it is a database of something else"),
        (of_the_future, "schema revision 9999, which this version does not know"),
        (Path.unlink, "No such file"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    settings: Settings, database: Path, tmp_path: Path, spoil: object, why: str
) -> None:
    file = tmp_path / "backup"
    back_up(settings, file)
    assert callable(spoil)
    spoil(file)
    before = database.read_bytes(), sorted(settings.home.iterdir())
    with pytest.raises(
        (backup.NotABackup, backup.BackupFailed, schema.NewerSchema), match=why
    ) as raised:
        restore(settings, file)
    assert str(file) in str(raised.value) or "9999" in str(raised.value)
    assert (database.read_bytes(), sorted(settings.home.iterdir())) == before


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    old = Database(f"sqlite:///{file}")
    with old.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    old.close()
    restore(settings, file)
    with serving(settings) as api:
        assert api.get("/readyz").status_code == 200


def test_a_database_that_someone_has_open_is_not_replaced(
    settings: Settings, database: Path, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    back_up(settings, file)
    before = database.stat().st_ino
    with open_service(settings) as service, service.database.read() as connection:
        connection.execute(text("SELECT count(*) FROM trials"))
        with pytest.raises(backup.DatabaseInUse, match=r"has the database .*tuner\.sqlite3 open"):
            restore(settings, file)
    assert database.stat().st_ino == before
    assert [each.name for each in settings.home.iterdir() if "restoring" in each.name] == []


def test_the_file_and_its_log_copied_by_hand_are_restored_too(
    settings: Settings, tmp_path: Path
) -> None:
    copied = tmp_path / "copied"
    with serving(settings) as api:
        token = token_of(api)
        opened(api)
        for suffix in ("", "-wal"):
            source = settings.home / f"tuner.sqlite3{suffix}"
            Path(f"{copied}{suffix}").write_bytes(source.read_bytes())
    restore(settings, copied)
    with serving(settings, token) as api:
        assert api.get("/v1/studies/demo").status_code == 200


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
