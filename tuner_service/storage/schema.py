"""The schema's version: Alembic's migrations, shipped with the package."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tuner_service.errors import TunerError
from tuner_service.storage.engine import Database

_PACKAGED = Path(__file__).resolve().parent.parent / "migrations"
_IN_REPOSITORY = Path(__file__).resolve().parent.parent.parent / "migrations"
_UPGRADE_LOCK = (
    7_368_431  # any number, the same in every process: one of them migrates Postgres at a time
)


class NewerSchema(TunerError):
    code = "newer_schema"

    def __init__(self, revision: str, newest: str) -> None:
        super().__init__(
            f"the database is at schema revision {revision}, which this version does not know "
            f"(its newest is {newest}); install the newer version, or use another database"
        )


def _config() -> Config:
    config = Config()
    folder = _PACKAGED if _PACKAGED.exists() else _IN_REPOSITORY
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    """Read once: Alembic compiles every migration to know their order."""
    return ScriptDirectory.from_config(_config())


def newest() -> str:
    revision = _scripts().get_current_head()
    assert revision is not None, "the package ships no migrations"
    return revision


def current(database: Database) -> str | None:
    """The database's revision; None for an empty one."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check_known(revision: str) -> None:
    """Raises NewerSchema for a revision that this version does not have."""
    if revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise NewerSchema(revision, newest())


def upgrade(database: Database) -> str:
    """Bring the database to the newest revision, in one transaction. Raises NewerSchema."""
    with database.write() as connection:
        if not database.is_sqlite:
            # Another process may migrate for longer than a request may wait.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is not None:
            check_known(revision)
        if revision != newest():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return newest()
