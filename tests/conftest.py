"""What the tests share: a Postgres for the session, databases, a service, clients of it."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import cluster
from tuner_service.service.setup import Service, open_service
from tuner_service.settings import Settings

# Keras is imported by some tests and by the processes they start: no advice from its C++ side, no GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# A developer's own settings must not reach the tests.
for _name in [name for name in os.environ if name.startswith("TUNER_") and "TEST" not in name]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The URL of a fresh database."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield f"{postgres}/{name}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings for a fresh service, once on SQLite and once on Postgres."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    return Settings(home=tmp_path / "home", database_url=url, lease_seconds=60)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    with open_service(settings) as opened:
        yield opened
