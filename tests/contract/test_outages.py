"""Databases that are away, locked, damaged or ailing otherwise: 503, and recovery by itself."""

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.contract.stress import epochs_of, heartbeat, make_impatient, refused, serving
from tests.contract.studies import claimed, opened, path, report
from tuner_service.errors import Unavailable
from tuner_service.settings import Settings
from tuner_service.storage.engine import Database

PATIENCE_SECONDS = 120.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=60)


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_waited_for_and_then_503(sqlite_settings: Settings) -> None:
    with serving(sqlite_settings) as (service, api):
        opened(api)
        trial = claimed(api)
        assert service.database.file is not None
        other = sqlite3.connect(service.database.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused(report(api, trial, 0, 0.5), 503, "database_busy")
        refused(heartbeat(api, trial), 503, "database_busy")
        assert api.get("/v1/studies/demo").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        assert report(api, trial, 0, 0.5).json() == {"verdict": "continue"}


def test_a_file_damaged_while_the_server_runs_is_503(sqlite_settings: Settings) -> None:
    with serving(sqlite_settings) as (service, api):
        opened(api)
        assert service.database.file is not None
        with service.database.write() as connection:
            connection.execute(text("DELETE FROM tokens WHERE name = 'nobody'"))
        service.database.close()  # puts the log into the file; the next request opens it anew
        intact = service.database.file.read_bytes()
        service.database.file.write_bytes(intact[:4096] + b"\xff" * (len(intact) - 4096))
        refused(api.get("/v1/studies/demo"), 503, "database_damaged")
        refused(api.get("/readyz"), 503, "database_damaged")
        service.database.close()
        service.database.file.write_bytes(intact)
        assert api.get("/v1/studies/demo").status_code == 200


@pytest.fixture
def away(postgres: str, postgres_database: str) -> Callable[[], None]:
    """Let the database be away: its sessions killed, no new ones taken in. ``back`` ends it."""

    def go() -> None:
        with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{_name(postgres_database)}" ALLOW_CONNECTIONS false')
        kill_sessions(postgres, postgres_database)

    return go


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def kill_sessions(postgres: str, database: str) -> None:
    kill = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(kill, [_name(database)])


def until_taken(request: Callable[[], httpx.Response]) -> httpx.Response:
    """Repeat as a worker does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (reply := request()).status_code == 503:
        assert reply.json()["code"] in ("database_unavailable", "database_busy")
        assert time.monotonic() < deadline, "it did not recover"
        time.sleep(0.02)
    return reply


def test_a_postgres_that_was_away_is_used_again_without_a_restart(
    postgres: str, postgres_database: str, away: Callable[[], None], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", database_url=postgres_database)
    with serving(settings) as (_, api):
        opened(api)
        trial = claimed(api)
        away()
        for _ in range(3):
            refused(report(api, trial, 0, 0.5), 503, "database_unavailable")
            refused(heartbeat(api, trial), 503, "database_unavailable")
            refused(api.get("/v1/studies/demo"), 503, "database_unavailable")
        with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{_name(postgres_database)}" ALLOW_CONNECTIONS true')
        assert until_taken(lambda: report(api, trial, 0, 0.5)).json() == {"verdict": "continue"}
        assert until_taken(lambda: api.get("/v1/studies/demo")).status_code == 200
        assert epochs_of(api, trial) == [0]


def test_killed_sessions_cost_a_repetition_and_nothing_else(
    postgres: str, postgres_database: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", database_url=postgres_database)
    with serving(settings) as (_, api):
        opened(api)
        trial = claimed(api)
        for epoch in range(10):
            kill_sessions(postgres, postgres_database)
            reply = until_taken(lambda epoch=epoch: report(api, trial, epoch, 0.5))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            assert reply.json() == {"verdict": "continue"}
        assert until_taken(lambda: api.get(path(trial, "epochs"))).status_code == 200
        assert epochs_of(api, trial) == list(range(10))


STATEMENTS = {
    "53100": "database_full",
    "53200": "database_busy",
    "53300": "database_busy",
    "40P01": "database_busy",
    "40001": "database_busy",
    "55P03": "database_busy",
    "57014": "database_busy",
    "57P01": "database_unavailable",
    "58030": "database_unavailable",
    "XX000": "database_unavailable",
    "XX001": "database_damaged",
}


@pytest.mark.parametrize("state", STATEMENTS)
def test_whatever_ails_postgres_has_a_name(lasting_database: str, state: str) -> None:
    database = _psycopg(lasting_database)
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'ailing' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(Unavailable) as raised, database.write() as connection:
        connection.execute(raising)
    assert raised.value.code == STATEMENTS[state]
    database.ping()
    database.close()


def test_a_statement_that_is_wrong_stays_our_mistake_on_postgres(lasting_database: str) -> None:
    database = _psycopg(lasting_database)
    with pytest.raises(ProgrammingError, match="nonsense"), database.read() as connection:
        connection.execute(text("SELECT nonsense"))
    database.close()


def test_a_postgres_that_takes_no_writes_is_503(postgres: str, postgres_database: str) -> None:
    """A standby that is not promoted yet, say."""
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        name = _name(postgres_database)
        admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    database = _psycopg(postgres_database)
    with pytest.raises(Unavailable) as raised, database.write() as connection:
        connection.execute(text("CREATE TABLE t (a int)"))
    assert raised.value.code == "database_unavailable"
    database.close()


def test_a_postgres_with_no_room_for_us_is_503(postgres: str, postgres_database: str) -> None:
    name, role = _name(postgres_database), f"visitor_{_name(postgres_database)}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        visitor = _psycopg(re.sub("//[^@]*@", f"//{role}:x@", postgres_database))
        try:
            with pytest.raises(Unavailable, match=r"busy|reached") as raised:
                visitor.ping()
            assert "too many connections" in str(raised.value.__cause__)
            admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
            visitor.ping()
        finally:
            visitor.close()
            admin.execute(f"DROP ROLE {role}")


def _psycopg(url: str) -> Database:
    return Database(url.replace("postgresql://", "postgresql+psycopg://", 1))


def test_a_lock_in_postgres_that_nobody_gives_back_is_503(
    lasting_database: str, impatient: None, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", database_url=lasting_database)
    with serving(settings) as (_, api):
        opened(api)
        trial = claimed(api)
        with psycopg.connect(lasting_database) as other:
            other.execute("SELECT 1 FROM studies WHERE name = 'demo' FOR UPDATE")
            refused(report(api, trial, 0, 0.5), 503, "database_busy")
        assert report(api, trial, 0, 0.5).json() == {"verdict": "continue"}
