"""Backup while a server writes; what can be restored, what is refused, and what becomes of the replaced database."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from tests.contract.homes import serving, token_of
from tests.contract.studies import claimed, opened, report
from tuner_service.service.setup import open_service, upgrade_database
from tuner_service.service.upkeep.restoring import back_up, restore
from tuner_service.settings import Settings
from tuner_service.storage import backup, schema
from tuner_service.storage.engine import Database
from tuner_service.storage.integrity import DamagedDatabase


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=60)


@pytest.fixture
def database(settings: Settings) -> Path:
    upgrade_database(settings)
    return settings.home / "tuner.sqlite3"


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
