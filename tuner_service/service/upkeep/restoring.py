"""Backup and restore, and what a restored database has to forget: who held its trials."""

from pathlib import Path

from tuner_service.domain.trial import TrialState
from tuner_service.errors import TunerError
from tuner_service.service.change import change
from tuner_service.service.files.store import ArtifactStore
from tuner_service.service.setup import Service, make_home
from tuner_service.service.work.attempts import give_back
from tuner_service.settings import Settings
from tuner_service.storage import backup, eras, schema, trials
from tuner_service.storage.connections import parsed
from tuner_service.storage.engine import Database

WHY = "the database was restored from a backup; whoever held the trial does so no longer"


class NotSQLite(TunerError):
    """``command`` does the same with Postgres's own tools."""

    code = "not_sqlite"

    def __init__(self, message: str, command: str) -> None:
        super().__init__(f"{message}:\n{command}")


def back_up(settings: Settings, file: Path) -> int:
    """Write the database, as it is at this moment, to a file; its size in bytes. Raises NotSQLite, BackupFailed."""
    database = _file_of(settings)
    if database is None:
        command = backup.dump_command(settings.database, file)
        raise NotSQLite("a Postgres database is backed up with its own tool", command)
    if not database.exists():
        raise backup.BackupFailed(f"there is no database at {database}")
    if file.resolve().name.startswith(database.name) and file.resolve().parent == database.parent:
        # Also beside it: SQLite keeps files of its own there.
        raise backup.BackupFailed(
            f"{file} is the database, or one of its own files; choose another name"
        )
    return backup.back_up(database, file)


def restore(settings: Settings, file: Path) -> Path | None:
    """Let a backup take the database's place; where the replaced one lies, None if there was none.

    No server may run. Open trials are queued again, and every attempt that was given out after the backup is void.
    Raises NotSQLite, NotABackup, NewerSchema, DatabaseInUse, BackupFailed.
    """
    database = _file_of(settings)
    if database is None:
        command = f"pg_restore --clean --if-exists --dbname=DATABASE {file}\ntuner db fence"
        raise NotSQLite(
            "a Postgres database is restored with its own tool, and then fenced", command
        )
    make_home(settings)
    prepared = backup.prepare(file, database)
    try:
        _begin_era(settings, f"sqlite:///{prepared}", after=_era_of(database))
        return backup.put_in_place(prepared, database)
    finally:
        backup.remove(prepared)


def fence(settings: Settings) -> None:
    """Let nobody hold what was given out before: for a database that another tool restored."""
    make_home(settings)
    _begin_era(settings, settings.database, after=0)


def _file_of(settings: Settings) -> Path | None:
    where = parsed(settings.database)
    if where.get_backend_name() != "sqlite":
        return None
    assert where.database, "a URL without a file was refused"
    return Path(where.database).resolve()


def _era_of(replaced: Path) -> int:
    """Of the database that is about to be replaced, as far as it can be read."""
    if not replaced.exists():
        return 0
    database = Database(f"sqlite:///{replaced}")
    try:
        with database.read() as connection:
            return eras.newest(connection)
    except TunerError:
        return 0
    finally:
        database.close()


def _begin_era(settings: Settings, url: str, *, after: int) -> None:
    database = Database(url)
    try:
        schema.upgrade(database)
        with database.write() as connection:
            eras.begin(connection, eras.next_era(connection, after))
            names = eras.studies_with_open_trials(connection)
        service = Service(settings, database, ArtifactStore(settings.artifacts), {})
        for name in names:
            _take_back(service, name)
    finally:
        database.close()


def _take_back(service: Service, study: str) -> None:
    with change(service, study) as current:
        for trial in trials.all_open(current.connection, current.study):
            if trial.state is TrialState.RUNNING:
                give_back(current, trial, "restored", WHY)
            else:
                current.remember(trial, "restored", WHY)
                current.tell_trial(trial)
