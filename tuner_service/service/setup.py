"""Opening the service: its home, its database, its artifact store."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from search_spaces.catalogue import load_catalogue, load_previews
from tuner_service.errors import TunerError
from tuner_service.service.files.examining import Examiner
from tuner_service.service.files.incoming import sweep
from tuner_service.service.files.store import ArtifactStore
from tuner_service.service.memory.bell import Bell
from tuner_service.service.memory.histories import Histories
from tuner_service.service.memory.loads import Loads
from tuner_service.service.memory.replies import Replies
from tuner_service.service.memory.results import Results
from tuner_service.service.memory.standings import Standings
from tuner_service.settings import Settings
from tuner_service.storage import integrity, schema
from tuner_service.storage.engine import RESERVE, Database, WouldWait

__all__ = [
    "RESERVE",
    "Service",
    "WouldWait",
    "current_revision",
    "open_service",
    "upgrade_database",
]


@dataclass(frozen=True)
class Service:
    """What every use case works with."""

    settings: Settings
    database: Database
    store: ArtifactStore
    catalogue: dict[str, dict[str, Any]]
    """The search spaces and data sets that the package ships, by kind and name."""
    previews: Mapping[str, Any] = field(default_factory=load_previews)
    """Looks at the data sets that the package ships, by name; not of those that have to be fetched."""
    histories: Histories = field(default_factory=Histories)
    results: Results = field(default_factory=Results)
    replies: Replies = field(default_factory=Replies)
    standings: Standings = field(default_factory=Standings)
    loads: Loads = field(default_factory=Loads)
    bell: Bell = field(default_factory=Bell)
    examiner: Examiner = field(default_factory=Examiner)


class NoHome(TunerError):
    code = "no_home"


@contextmanager
def open_service(settings: Settings) -> Iterator[Service]:
    """Make the home, bring the database up to date, and close it all afterwards. Raises TunerError."""
    make_home(settings)
    shipped = load_catalogue()
    with _opened(settings) as database:
        schema.upgrade(database)
        sweep(settings.home)
        yield Service(
            settings,
            database,
            ArtifactStore(settings.artifacts, database.file),
            {
                kind: {entry["name"]: entry for entry in entries}
                for kind, entries in shipped.items()
            },
        )


def upgrade_database(settings: Settings) -> str:
    """Bring the database to the newest schema; the revision afterwards. Raises TunerError."""
    make_home(settings)
    with _opened(settings) as database:
        return schema.upgrade(database)


def current_revision(settings: Settings) -> str | None:
    """The database's schema revision; None where there is no schema yet."""
    if settings.database_url is None and not settings.home.exists():
        return None
    with _opened(settings) as database:
        return schema.current(database)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """The database, if it is whole. Raises DamagedDatabase, BadDatabaseUrl, Unavailable."""
    database = Database(settings.database)
    try:
        integrity.check(database)
        yield database
    finally:
        database.close()


def make_home(settings: Settings) -> None:
    """Raises NoHome."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NoHome(
            f'TUNER_HOME: cannot use the folder "{settings.home}": {error.strerror}'
        ) from error
