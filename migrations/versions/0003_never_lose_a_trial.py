"""checkpoints, deaths, rolled-back epochs, discarded files, the servers' pulse, fair turns"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trials", sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("studies", sa.Column("served_at", sa.Double(), nullable=True))
    op.add_column("trials", sa.Column("checkpoint", sa.Integer(), nullable=True))
    op.add_column("artifacts", sa.Column("attempt", sa.Integer(), nullable=True))
    op.add_column("artifacts", sa.Column("checkpoint", sa.Integer(), nullable=True))
    op.add_column("history", sa.Column("epochs", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "discarded",
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_discarded")),
    )
    op.create_table(
        "eras",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("era", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_eras")),
    )
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse")),
    )
    op.execute("INSERT INTO pulse (id, at) VALUES (1, 0)")


def downgrade() -> None:
    op.drop_table("pulse")
    op.drop_table("eras")
    op.drop_table("discarded")
    op.drop_column("history", "epochs")
    op.drop_column("artifacts", "checkpoint")
    op.drop_column("artifacts", "attempt")
    op.drop_column("trials", "checkpoint")
    op.drop_column("trials", "deaths")
    op.drop_column("studies", "served_at")
