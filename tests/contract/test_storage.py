"""The schema: made, recognised, refused; the tables read back as they were written."""

from contextlib import nullcontext
from dataclasses import fields

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from tuner_service.domain.trial import Trial
from tuner_service.service.setup import Service, current_revision, open_service, upgrade_database
from tuner_service.settings import Settings
from tuner_service.storage import schema
from tuner_service.storage.engine import WouldWait
from tuner_service.storage.tables import metadata, trials


def test_migrations_make_exactly_the_tables_of_the_code(service: Service) -> None:
    with service.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_upgrading_twice_changes_nothing(settings: Settings) -> None:
    assert current_revision(settings) is None
    assert upgrade_database(settings) == schema.newest()
    assert upgrade_database(settings) == schema.newest()
    assert current_revision(settings) == schema.newest()


def test_a_newer_database_is_refused_with_a_clear_message(settings: Settings) -> None:
    upgrade_database(settings)
    with open_service(settings) as service, service.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerSchema, match="revision 9999, which this version does not know"):
        upgrade_database(settings)
    with pytest.raises(schema.NewerSchema), open_service(settings):
        pass


def test_a_trials_columns_are_its_fields_in_order() -> None:
    """Rows become trials by position."""
    assert [column.name for column in trials.c] == [field.name for field in fields(Trial)]


def test_nothing_is_kept_of_a_change_that_raises(service: Service) -> None:
    token = text("INSERT INTO tokens (name, role, digest, created_at) VALUES ('a', 'b', 'c', 0)")

    def insert_and_fail() -> None:
        with service.database.write() as connection:
            connection.execute(token)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        insert_and_fail()
    with service.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tokens")) == 0


def test_only_sqlite_makes_a_second_writer_wait(service: Service) -> None:
    """Where waiting is not allowed the writer is told so, and nothing happens."""
    refused = pytest.raises(WouldWait) if service.database.is_sqlite else nullcontext()
    with (
        service.database.write(),
        service.database.without_waiting(),
        refused,
        service.database.write(),
    ):
        pass
    with service.database.without_waiting(), service.database.write() as connection:
        connection.execute(text("DELETE FROM tokens"))
