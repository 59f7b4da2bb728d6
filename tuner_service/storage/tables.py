"""The tables. A trial is a row, its parameters one JSON column; what a change adds is committed with it.

Times are seconds since the epoch on the database's clock. ``revision`` of a study grows with every change under the
lock on its row, so the numbers of its events are in the order of their commits, on Postgres too.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# AUTOINCREMENT: the number of a deleted study is never given again, so what remembers it by number cannot mix them up.
studies = Table(
    "studies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False, index=True),
    Column("executor", Text, nullable=False),
    Column("search_space", Text),
    Column("dataset", Text),
    Column("priority", Integer, nullable=False),
    Column("max_parallel", Integer),
    Column("created_at", Double, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("space", JSON, nullable=False),
    Column("budget_trials", Integer, nullable=False),
    Column("budget_seconds", Double),
    Column("next_number", Integer, nullable=False, server_default="0"),
    Column("revision", BigInteger, nullable=False, server_default="0"),
    Column("ended_revision", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("served_at", Double),
    Column("preflight", JSON(none_as_null=True)),
    Column("data", JSON(none_as_null=True)),
    Column("idempotency_key", Text, unique=True),
    Column("body_digest", Text),
    sqlite_autoincrement=True,
)

_COMPLETED = text("state = 'completed'")

trials = Table(
    "trials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text),
    Column("holder", Integer),
    Column("parameters", JSON, nullable=False),
    Column("values", JSON(none_as_null=True)),
    Column("value", Double),
    Column("best_epoch", Integer),
    Column("epochs", Integer, nullable=False),
    Column("model_parameters", BigInteger),
    Column("lease_expires_at", Double),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("error", Text),
    Column("notes", JSON, nullable=False),
    Column("finish_digest", Text),
    Column("ended_revision", BigInteger),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("checkpoint", Integer),
    Column("claimed_at", Double),
    Column("seconds_before", Double, nullable=False, server_default="0"),
    UniqueConstraint("study_id", "number"),
    Index("ix_trials_study_state", "study_id", "state"),
    # Only of completed trials: while one trains, its row changes with every epoch, and no index with it.
    Index(
        "ix_trials_best",
        "study_id",
        "value",
        sqlite_where=_COMPLETED,
        postgresql_where=_COMPLETED,
    ),
    Index("ix_trials_study_ended", "study_id", "ended_revision"),
    sqlite_autoincrement=True,
)

epochs = Table(
    "epochs",
    metadata,
    Column("trial_id", ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("metrics", JSON, nullable=False),
    Column("value", Double),
    Column("seconds", Double),
    sqlite_with_rowid=False,
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trial_id", ForeignKey("trials.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("what", Text, nullable=False),
    Column("worker", Text),
    Column("attempt", Integer, nullable=False),
    Column("detail", Text),
    Column("epochs", JSON(none_as_null=True)),
)

events = Table(
    "events",
    metadata,
    Column("study_id", ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

claims = Table(
    "claims",
    metadata,
    Column("key", Text, primary_key=True),
    Column("body_digest", Text, nullable=False),
    Column("trial_id", ForeignKey("trials.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at", Double, nullable=False),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("trial_id", ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("attempt", Integer),
    Column("checkpoint", Integer),
)

# Files that no row names any more. They are removed from the store after the commit that says so: a crash in between
# loses the removal, never the file of a row.
discarded = Table("discarded", metadata, Column("path", Text, primary_key=True))

# From which era on a study of this name is, or with the name "*" any; see ``storage.eras``.
eras = Table(
    "eras",
    metadata,
    Column("name", Text, primary_key=True),
    Column("era", Integer, nullable=False),
)

# One row: when a server was last able to hear its workers.
pulse = Table(
    "pulse",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("registered_at", Double, nullable=False),
    Column("last_seen", Double, nullable=False),
)

# What each worker told of its load, about every 20 seconds for an hour: by time, so that both the newest and the oldest
# are found at once.
loads = Table(
    "loads",
    metadata,
    Column("at", Double, primary_key=True),
    Column("worker", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    sqlite_with_rowid=False,
)

catalogue = Table(
    "catalogue",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("learned_at", Double, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("token_id", ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Double, nullable=False),
)
