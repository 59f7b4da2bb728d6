"""The schema: made, recognised, refused; the tables read back as they were written."""

import json
from contextlib import nullcontext
from dataclasses import fields

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from tuner_service.domain.trial import Trial
from tuner_service.service.setup import (
    Service,
    current_revision,
    make_home,
    open_service,
    upgrade_database,
)
from tuner_service.service.upkeep.reaper import reap
from tuner_service.settings import Settings
from tuner_service.storage import artifacts, happenings, schema, studies
from tuner_service.storage import trials as trials_storage
from tuner_service.storage.engine import Database, WouldWait
from tuner_service.storage.tables import metadata, trials

OLD_SPEC = {
    "name": "old",
    "executor": "keras",
    "search_space": "dense",
    "dataset": "digits",
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "random", "seed": 1},
    "pruning": {"algorithm": "none"},
    "training": {"epochs": 3, "batch_size": 64},
    "max_parallel": None,
    "priority": 0,
}
OLD_ROWS = (
    "INSERT INTO trials (id, study_id, number, state, origin, attempt, worker, parameters, epochs, notes,"
    " lease_expires_at, started_at) VALUES (1, 1, 0, 'running', 'search', 1, 'w', '{}', 1, '{}', 9.0, 2.0)",
    # Lost, given to another worker ten seconds later, and completed; and one that died for the last time.
    *(
        "INSERT INTO trials (id, study_id, number, state, origin, attempt, parameters, epochs, notes, started_at,"
        f" finished_at) VALUES ({number + 1}, 1, {number}, '{state}', 'search', 2, '{{}}', 1, '{{}}', 2.0, 20.0)"
        for number, state in ((1, "completed"), (2, "failed"))
    ),
    *(
        "INSERT INTO history (trial_id, at, what, attempt) VALUES"
        f" ({trial}, 2.0, 'claimed', 1), ({trial}, 5.0, 'lease_lost', 1), ({trial}, 15.0, 'claimed', 2)"
        for trial in (2, 3)
    ),
    "INSERT INTO history (trial_id, at, what, attempt) VALUES (2, 20.0, 'completed', 2)",
    "INSERT INTO history (trial_id, at, what, attempt) VALUES (3, 20.0, 'died', 2), (3, 20.0, 'quarantined', 2)",
    "INSERT INTO epochs (trial_id, epoch, metrics) VALUES (1, 0, '{\"val_accuracy\": 0.5}')",
    "INSERT INTO history (trial_id, at, what, worker, attempt) VALUES (1, 2.0, 'claimed', 'w', 1)",
    "INSERT INTO artifacts (trial_id, name, size, sha256, path, created_at)"
    " VALUES (1, 'log.txt', 1, 'ab', '1/0/x', 3.0)",
)


def test_migrations_make_exactly_the_tables_of_the_code(empty_settings: Settings) -> None:
    with open_service(empty_settings) as service, service.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_upgrading_twice_changes_nothing(empty_settings: Settings) -> None:
    settings = empty_settings
    assert current_revision(settings) is None
    assert upgrade_database(settings) == schema.newest()
    assert upgrade_database(settings) == schema.newest()
    assert current_revision(settings) == schema.newest()


def test_a_newer_database_is_refused_with_a_clear_message(empty_settings: Settings) -> None:
    settings = empty_settings
    upgrade_database(settings)
    with open_service(settings) as service, service.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerSchema, match="revision 9999, which this version does not know"):
        upgrade_database(settings)
    with pytest.raises(schema.NewerSchema), open_service(settings):
        pass


def test_a_database_of_the_first_schema_is_brought_up_to_date(empty_settings: Settings) -> None:
    settings = empty_settings
    make_home(settings)
    database = Database(settings.database)
    with database.write() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO studies (id, name, state, executor, search_space, dataset, priority, created_at, spec,"
                " space, budget_trials) VALUES (1, 'old', 'running', 'keras', 'dense', 'digits', 0, 1.0, :spec,"
                " '[]', 3)"
            ),
            {"spec": json.dumps(OLD_SPEC)},
        )
        for statement in OLD_ROWS:
            connection.execute(text(statement))
    database.close()
    assert upgrade_database(settings) == schema.newest()
    with open_service(settings) as service:
        with service.database.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            study = studies.get(connection, "old")
            trial = trials_storage.get(connection, study, 0)
            [line] = happenings.page(connection, trial)
            [file] = artifacts.page(connection, trial)
            ended = [trials_storage.get(connection, study, number) for number in (1, 2)]
        assert (study.name, study.data, study.budget.trials) == ("old", None, 3)
        assert (trial.attempt, trial.deaths, trial.checkpoint) == (1, 0, None)
        assert (line.what, line.epochs, file.checkpoint) == ("claimed", (), None)
        assert study.spec.max_attempts == 3
        assert (trial.claimed_at, trial.seconds_before) == (2.0, 0.0)
        assert [each.seconds for each in ended] == [8.0, 8.0]
        # Its lease ran out long ago: another worker takes it on from the beginning.
        assert reap(service) == 1
        with service.database.read() as connection:
            again = trials_storage.get(connection, study, 0)
        assert (again.state, again.epochs, again.deaths) == ("queued", 0, 1)


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


def test_a_mistake_while_reading_leaves_no_old_snapshot_behind(service: Service) -> None:
    kept: list[Exception] = []  # as a log keeps them, tracebacks and unread rows included

    def write(number: int) -> None:
        with service.database.write() as connection:
            connection.execute(text(f"INSERT INTO pulse (id, at) VALUES ({number}, 0)"))

    def fail() -> None:
        with service.database.read() as connection:
            rows = connection.execute(text("SELECT id FROM pulse"))
            assert rows.fetchone() is not None
            write(102)  # over another connection
            raise RuntimeError(rows)

    write(100)
    write(101)
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    with service.database.read() as first, service.database.read() as second:
        for connection in (first, second):
            assert connection.scalar(text("SELECT max(id) FROM pulse")) == 102
    write(103)
    write(104)
    assert len(kept) == 1


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
