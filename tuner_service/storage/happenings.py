"""What happened to a trial, line by line."""

from sqlalchemy import Connection, insert, select

from tuner_service.domain.trial import Epoch, Happening, Trial
from tuner_service.storage.tables import history

_REMEMBER = insert(history)


def remember(connection: Connection, trial: Trial, happening: Happening) -> None:
    """Append a line to the trial's history."""
    connection.execute(
        _REMEMBER,
        {
            "trial_id": trial.id,
            "at": happening.at,
            "what": happening.what,
            "worker": happening.worker,
            "attempt": happening.attempt,
            "detail": happening.detail,
            "epochs": [
                {"epoch": each.epoch, "metrics": dict(each.metrics), "seconds": each.seconds}
                for each in happening.epochs
            ]
            or None,
        },
    )


def page(connection: Connection, trial: Trial) -> list[Happening]:
    query = select(history).where(history.c.trial_id == trial.id).order_by(history.c.id)
    return [
        Happening(
            row.at,
            row.what,
            row.worker,
            row.attempt,
            row.detail,
            tuple(Epoch(**epoch) for epoch in row.epochs or ()),
        )
        for row in connection.execute(query)
    ]
