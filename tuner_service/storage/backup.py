"""SQLite's file, copied whole while a server writes to it, and put in another's place."""

import os
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from tuner_service.errors import TunerError
from tuner_service.storage import schema
from tuner_service.storage.connections import parsed

TABLES = frozenset({"alembic_version", "studies", "trials", "tokens"})
SIBLINGS = ("-wal", "-shm")
_OPEN_SECONDS = 1.0


class BackupFailed(TunerError):
    code = "backup_failed"


class NotABackup(TunerError):
    code = "not_a_backup"

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file} cannot be restored: {why}")


class DatabaseInUse(TunerError):
    code = "database_in_use"

    def __init__(self, file: Path) -> None:
        super().__init__(f"another process has the database {file} open; stop it first")


def dump_command(url: str, file: Path) -> str:
    """How Postgres's own tool backs this database up. It asks for the password, which is not in there."""
    where = parsed(url)
    query = where.difference_update_query(["password"]).query
    bare = URL.create(
        "postgresql", where.username, None, where.host, where.port, where.database, query
    )
    target = bare.render_as_string()
    return shlex.join(["pg_dump", "--format=custom", f"--file={file}", f"--dbname={target}"])


def back_up(database: Path, file: Path) -> int:
    """Write what is committed at this moment to a file, in place of any there; its size in bytes.

    A server may write meanwhile. The file is whole and verified, or is not there. Raises BackupFailed.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with _removed_if_left(temporary):
            with closing(_opened(database)) as source, closing(_made(temporary)) as target:
                source.backup(target)
                _alone_and_whole(target)
            _sync(temporary)
            size = temporary.stat().st_size
            temporary.replace(file)
            _sync(file.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"cannot back {database} up to {file}: {_words(error)}") from error
    return size


def prepare(backup: Path, database: Path) -> Path:
    """A copy of a backup beside the database whose place it will take, of any schema that we know.

    Raises NotABackup, NewerSchema, BackupFailed.
    """
    prepared = database.with_name(f".{database.name}.restoring")
    try:
        remove(prepared)
        os.close(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(backup, prepared)
        # Of a file that was copied by hand from under a running server, the newest commits are in here.
        if (log := _beside(backup, "-wal")).exists():
            shutil.copyfile(log, _beside(prepared, "-wal"))
    except OSError as error:
        remove(prepared)
        raise BackupFailed(
            f"cannot read {backup} into {database.parent}: {_words(error)}"
        ) from error
    try:
        with closing(_opened(prepared)) as connection:
            _alone_and_whole(connection)
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not {name for (name,) in names} >= TABLES:
                raise NotABackup(backup, "it is a database of something else")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        schema.check_known(revision)
    except (sqlite3.Error, TypeError) as error:
        remove(prepared)
        raise NotABackup(backup, f"it is damaged, or no SQLite database ({error})") from error
    except TunerError:
        remove(prepared)
        raise
    return prepared


def put_in_place(prepared: Path, database: Path) -> Path | None:
    """Let a prepared copy take the database's place; where the replaced one lies, None if there was none.

    Raises DatabaseInUse if any process has it open, BackupFailed.
    """
    aside = None
    try:
        with closing(_opened(prepared)) as connection:
            _alone_and_whole(connection)
        _sync(prepared)
        if database.exists():
            aside = _kept_aside(database)
        # A log that was left would be taken for the new file's own.
        for sibling in SIBLINGS:
            _beside(database, sibling).unlink(missing_ok=True)
        prepared.replace(database)
        _sync(database.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"cannot put {database} in place: {_words(error)}") from error
    return aside


def remove(file: Path) -> None:
    """Remove a database's file, and what SQLite keeps beside it."""
    for name in ("", *SIBLINGS):
        _beside(file, name).unlink(missing_ok=True)


def _kept_aside(database: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside = database.with_name(f"{database.name}.replaced-{stamp}")
    with closing(_opened(database)) as connection:
        try:
            # Puts the log into the file, and works for the only process that has it open.
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise DatabaseInUse(database) from error
        except sqlite3.DatabaseError:
            pass  # it is damaged: kept as it is, its log too
    for sibling in SIBLINGS:
        if (log := _beside(database, sibling)).exists():
            shutil.copyfile(log, _beside(aside, sibling))
    try:
        os.link(database, aside)  # so that there is a database at every moment
    except OSError:  # a file system without links
        shutil.copyfile(database, aside)
    return aside


def _opened(file: Path) -> sqlite3.Connection:
    # Never made: a name that is mistyped is no empty database.
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=_OPEN_SECONDS)


def _made(file: Path) -> sqlite3.Connection:
    # It holds the digests of tokens.
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return _opened(file)


def _alone_and_whole(connection: sqlite3.Connection) -> None:
    """Make the file one without a log beside it, and read all of it. Raises sqlite3.Error."""
    connection.execute("PRAGMA journal_mode=DELETE")
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(" ".join(str(found).split()))


@contextmanager
def _removed_if_left(file: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):
            remove(file)


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(f"{file.name}{suffix}")


def _sync(path: Path) -> None:
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
