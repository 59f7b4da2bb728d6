"""since when an attempt trains, and how long those before it did"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trials", sa.Column("claimed_at", sa.Double(), nullable=True))
    op.add_column(
        "trials", sa.Column("seconds_before", sa.Double(), nullable=False, server_default="0")
    )
    op.execute("UPDATE trials SET claimed_at = started_at WHERE state <> 'queued'")
    several = sa.text(
        "UPDATE trials SET claimed_at = :claimed_at, seconds_before = :before WHERE id = :trial"
    )
    connection = op.get_bind()
    for trial, claimed_at, before in list(_given_back(connection)):
        values = {"trial": trial, "claimed_at": claimed_at, "before": before}
        connection.execute(several, values)


def _given_back(connection: sa.Connection) -> Iterator[tuple[int, float | None, float]]:
    """Trials of which an attempt was given back or died: when the last began unless that did too, the time before."""
    lines = sa.text(
        "SELECT trial_id, at, what = 'claimed' FROM history"
        " WHERE what IN ('claimed', 'released', 'died', 'failed', 'lease_lost', 'restored')"
        " AND trial_id IN (SELECT trial_id FROM history"
        " WHERE what IN ('released', 'died', 'failed', 'lease_lost', 'restored')) ORDER BY id"
    )
    told: dict[int, list[tuple[float, bool]]] = {}
    for trial, at, begins in connection.execute(lines):
        told.setdefault(trial, []).append((at, begins))
    for trial, history in told.items():
        claimed_at: float | None = None
        before = 0.0
        for at, begins in history:
            if begins:
                claimed_at = at
            elif claimed_at is not None:
                before += at - claimed_at
                claimed_at = None
        yield trial, claimed_at, before


def downgrade() -> None:
    op.drop_column("trials", "seconds_before")
    op.drop_column("trials", "claimed_at")
