"""``tuner db``: what it says, and what it refuses in one line."""

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tuner_service.cli.app import main
from tuner_service.cli.occupancy import occupied

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tuner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run ``tuner db …`` on a home: exit code, stdout, stderr."""
    monkeypatch.setenv("TUNER_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tuner", "db", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_there_and_back(tuner: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "backup")
    assert tuner("upgrade")[0] == 0
    code, out, _ = tuner("backup", file)
    assert code == 0
    assert out.startswith(f"{file}: ")
    assert "copy them afterwards: " in out
    code, out, _ = tuner("restore", file)
    assert code == 0
    assert "the replaced database is " in out


def test_a_file_is_replaced_only_when_told_so(tuner: Run, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("mine")
    tuner("upgrade")
    code, _, err = tuner("backup", str(file))
    assert (code, file.read_text()) == (1, "mine")
    assert err == (
        f"error: {file} is there already; choose another name, or replace it with --force\n"
    )
    assert tuner("backup", "--force", str(file))[0] == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM studies").fetchone() == (0,)


def test_without_a_database_there_is_no_backup(tuner: Run, tmp_path: Path) -> None:
    code, _, err = tuner("backup", str(tmp_path / "backup"))
    assert (code, (tmp_path / "backup").exists()) == (1, False)
    assert err == f"error: there is no database at {tmp_path / 'home' / 'tuner.sqlite3'}\n"


def test_a_folder_that_is_not_there_is_named(tuner: Run, tmp_path: Path) -> None:
    tuner("upgrade")
    code, _, err = tuner("backup", str(tmp_path / "nowhere" / "backup"))
    assert code == 1
    assert err.endswith(f"{tmp_path}/nowhere/backup: No such file or directory\n")


def test_nothing_is_restored_under_a_running_server(tuner: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "backup")
    tuner("upgrade")
    tuner("backup", file)
    with occupied(tmp_path / "home"):
        code, _, err = tuner("restore", file)
    assert code == 1
    assert "a server runs on the home" in err


def test_postgres_has_its_own_tools(
    tuner: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://me:geheim%40@db.example:5433/tuner?sslmode=require&password=auch"
    monkeypatch.setenv("TUNER_DATABASE_URL", url)
    code, out, err = tuner("backup", "tuner.dump")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        "pg_dump --format=custom --file=tuner.dump "
        "'--dbname=postgresql://me@db.example:5433/tuner?sslmode=require'"
    )
    code, out, err = tuner("restore", "tuner.dump")
    assert (code, out) == (2, "")
    assert "pg_restore --clean --if-exists" in err


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://me:geheim@db.example:abc/tuner", "its port is not a number"),
        ("sqlite:///", "it names no file"),
        ("sqlite:///:memory:", "it names no file"),
    ],
)
def test_a_wrong_url_is_told_without_repeating_it(
    tuner: Run, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.setenv("TUNER_DATABASE_URL", url)
    for arguments in (("current",), ("upgrade",), ("backup", "file")):
        code, _, err = tuner(*arguments)
        assert code == 1
        assert err.startswith(f"error: TUNER_DATABASE_URL: {why}; allowed are ")
        assert "geheim" not in err


def test_a_database_that_cannot_be_opened_is_named(
    tuner: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_DATABASE_URL", f"sqlite:///{tmp_path}")
    code, _, err = tuner("current")
    assert (code, err) == (
        1,
        f"error: the database {tmp_path} cannot be opened: unable to open database file\n",
    )


def test_a_postgres_that_is_not_there_is_told_in_its_own_words(
    tuner: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_DATABASE_URL", "postgresql://me:geheim@127.0.0.1:1/tuner")
    code, _, err = tuner("current")
    assert code == 1
    assert err.startswith("error: the database cannot be reached: ")
    assert "Connection refused" in err
    assert "geheim" not in err


@pytest.mark.parametrize("command", ["current", "upgrade"])
def test_a_damaged_database_is_refused_in_one_line(
    tuner: Run, tmp_path: Path, command: str
) -> None:
    tuner("upgrade")
    file = tmp_path / "home" / "tuner.sqlite3"
    file.write_bytes(b"nonsense" * 1000)
    code, _, err = tuner(command)
    assert (code, len(err.splitlines())) == (1, 1)
    assert err.startswith(f"error: the database {file} is damaged (file is not a database); ")
