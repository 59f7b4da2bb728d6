"""What an attempt leaves to the next one: how much of the curve, and a checkpoint."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, func, update

from tuner_service.domain.best import Best
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.storage.clock import now
from tuner_service.storage.tables import epochs, trials
from tuner_service.storage.trials import HELD, from_row

_REWOUND = {
    "epochs": bindparam("new_epochs"),
    "best_epoch": bindparam("new_best_epoch"),
    "value": bindparam("new_value"),
    "values": bindparam("new_values", type_=trials.c["values"].type),
}
_REWIND = update(trials).where(*HELD).values(_REWOUND | {"checkpoint": bindparam("new_checkpoint")})
_REWIND = _REWIND.returning(trials)
_REQUEUE = (
    update(trials)
    .where(*HELD)
    .values(
        _REWOUND
        | {
            "state": TrialState.QUEUED,
            "worker": None,
            "holder": None,
            "lease_expires_at": None,
            "deaths": bindparam("new_deaths"),
            "finish_digest": bindparam("new_digest"),
            # A server of an older version, beside this one, claims without saying when.
            "seconds_before": trials.c.seconds_before
            + func.coalesce(bindparam("at") - trials.c.claimed_at, 0.0),
            "claimed_at": None,
        }
    )
    .returning(trials)
)
_DROP_EPOCHS = delete(epochs).where(
    epochs.c.trial_id == bindparam("by_trial"), epochs.c.epoch >= bindparam("from_epoch")
)


def requeue(
    connection: Connection,
    trial: Trial,
    *,
    kept: int,
    best: Best | None,
    deaths: int,
    digest: str | None,
    at: float,
) -> Trial | None:
    """Queue a running trial again, with its first ``kept`` epochs; None if the attempt no longer holds it.

    ``best`` is the best of those; ``digest`` that of the report which ended the attempt, at ``at``.
    """
    given = {"new_deaths": deaths, "new_digest": digest, "at": at}
    return _cut(connection, _REQUEUE, trial, kept, best, given)


def rewind(
    connection: Connection, trial: Trial, *, checkpoint: int | None, best: Best | None
) -> Trial | None:
    """Let a running trial go on after an earlier checkpoint; None if the attempt no longer holds it."""
    kept = checkpoint or 0
    return _cut(connection, _REWIND, trial, kept, best, {"new_checkpoint": checkpoint})


def _cut(
    connection: Connection,
    statement: Update,
    trial: Trial,
    kept: int,
    best: Best | None,
    given: Mapping[str, Any],
) -> Trial | None:
    row = connection.execute(
        statement,
        {
            "study": trial.study_id,
            "by_number": trial.number,
            "by_attempt": trial.attempt,
            "new_epochs": kept,
            "new_best_epoch": best and best.epoch,
            "new_value": best and best.value,
            "new_values": best and dict(best.values),
            **given,
        },
    ).one_or_none()
    if row is None:
        return None
    if kept < trial.epochs:
        connection.execute(_DROP_EPOCHS, {"by_trial": trial.id, "from_epoch": kept})
    return from_row(row)


_NOTE_CHECKPOINT = (
    update(trials)
    .where(*HELD)
    .values(
        checkpoint=bindparam("new_checkpoint"),
        lease_expires_at=now() + bindparam("lease_seconds"),
    )
)


def note_checkpoint(
    connection: Connection, trial: Trial, epochs: int, lease_seconds: float
) -> bool:
    """Note the newest checkpoint and renew the lease; False if the attempt no longer holds the trial."""
    parameters = {
        "study": trial.study_id,
        "by_number": trial.number,
        "by_attempt": trial.attempt,
        "new_checkpoint": epochs,
        "lease_seconds": lease_seconds,
    }
    return connection.execute(_NOTE_CHECKPOINT, parameters).rowcount == 1
