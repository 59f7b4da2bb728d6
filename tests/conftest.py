"""What the tests share: a Postgres for the session, databases, a service, clients of it."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import LastingDatabase, cluster, database_of
from tuner_service.service.setup import Service, make_home, open_service, upgrade_database
from tuner_service.settings import Settings

# Keras is imported by some tests and by the processes they start: no advice from its C++ side, no GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# Several tests run at a time; TensorFlow's threads would wait for each other's cores, and burn them meanwhile.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# A developer's own settings must not reach the tests.
for _name in [name for name in os.environ if name.startswith("TUNER_") and "TEST" not in name]:
    del os.environ[_name]
# What is imported from here on stays; to look for garbage in it meanwhile takes a second in each process of the tests.
gc.disable()


def pytest_collection_finish() -> None:
    # Keras collects garbage before every model, and would look through all that was imported each time.
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture
def empty_postgres(postgres: str) -> Iterator[str]:
    """The URL of a new database."""
    with database_of(postgres) as url:
        yield url


@pytest.fixture
def postgres_database(empty_postgres: str, tmp_path: Path) -> str:
    """The URL of a new database with our tables, for tests that change more than what is in them."""
    upgrade_database(Settings(home=tmp_path / "migrating", database_url=empty_postgres))
    return empty_postgres


@pytest.fixture(scope="session")
def _lasting_database(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LastingDatabase]:
    with database_of(postgres) as url:
        upgrade_database(Settings(home=tmp_path_factory.mktemp("migrating"), database_url=url))
        yield LastingDatabase(url)


@pytest.fixture
def lasting_database(_lasting_database: LastingDatabase) -> Iterator[str]:
    """The URL of a database with nothing in our tables."""
    yield _lasting_database.url
    _lasting_database.empty()


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("migrating"))
    upgrade_database(settings)
    return settings.home / "tuner.sqlite3"


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings for a fresh service, once on SQLite and once on Postgres. To migrate a database for every test would
    take longer than most of them do."""
    fresh = Settings(home=tmp_path / "home", lease_seconds=60)
    if request.param == "postgres":
        url = request.getfixturevalue("lasting_database")
        return fresh.model_copy(update={"database_url": url})
    make_home(fresh)
    shutil.copy(request.getfixturevalue("_migrated_file"), fresh.home)
    return fresh


@pytest.fixture(params=["sqlite", "postgres"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """The same without a home, and with a database in which no table is."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("empty_postgres")
    return Settings(home=tmp_path / "home", database_url=url, lease_seconds=60)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    with open_service(settings) as opened:
        yield opened
