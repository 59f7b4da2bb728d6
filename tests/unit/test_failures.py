"""What SQLite's own errors become: each is provoked, none is made up."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner_service.errors import Unavailable
from tuner_service.storage.failures import failure


def made(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "some.sqlite3", isolation_level=None, timeout=0)
    connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
    return connection


def locked(folder: Path) -> None:
    made(folder).execute("BEGIN EXCLUSIVE")
    made(folder).execute("INSERT INTO t VALUES (1)")


def full(folder: Path) -> None:
    connection = made(folder)
    connection.execute("PRAGMA max_page_count = 3")
    connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def read_only(folder: Path) -> None:
    made(folder).close()
    connection = sqlite3.connect(f"{(folder / 'some.sqlite3').as_uri()}?mode=ro", uri=True)
    connection.execute("INSERT INTO t VALUES (1)")


def gone(folder: Path) -> None:
    sqlite3.connect(folder / "nowhere" / "some.sqlite3").execute("SELECT 1")


def no_database(folder: Path) -> None:
    (folder / "some.sqlite3").write_bytes(b"nonsense" * 1000)
    made(folder)


def malformed(folder: Path) -> None:
    connection = made(folder)
    connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    connection.close()
    file = folder / "some.sqlite3"
    intact = file.read_bytes()
    file.write_bytes(intact[:4096] + b"\xff" * (len(intact) - 4096))
    made(folder).execute("SELECT * FROM t").fetchall()


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize(
    ("provoke", "code"),
    [
        (locked, "database_busy"),
        (full, "database_full"),
        (read_only, "database_unavailable"),
        (gone, "database_unavailable"),
        (no_database, "database_damaged"),
        (malformed, "database_damaged"),
    ],
)
def test_what_ails_sqlite_has_a_name(
    tmp_path: Path, provoke: Callable[[Path], None], code: str
) -> None:
    with pytest.raises(sqlite3.Error) as raised:
        provoke(tmp_path)
    told = failure(raised.value)
    assert isinstance(told, Unavailable)
    assert told.code == code


def test_a_conflict_is_for_those_who_expect_it(tmp_path: Path) -> None:
    connection = made(tmp_path)
    connection.execute("CREATE UNIQUE INDEX one ON t (a)")
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError) as raised:
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    assert failure(raised.value) is None
