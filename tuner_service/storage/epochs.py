"""The epochs of trials."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, bindparam, insert, select, update

from tuner_service.domain.best import Best
from tuner_service.domain.study import Study
from tuner_service.domain.trial import OPEN, Epoch, Trial
from tuner_service.storage.tables import epochs, trials
from tuner_service.storage.trials import HELD

_ADVANCE = (
    update(trials)
    .where(*HELD, trials.c.epochs == bindparam("by_epoch"))
    .values(
        epochs=trials.c.epochs + 1,
        lease_expires_at=bindparam("lease"),
        best_epoch=bindparam("new_best_epoch"),
        value=bindparam("new_value"),
        values=bindparam("new_values", type_=trials.c["values"].type),
        model_parameters=bindparam("new_model_parameters"),
    )
)
_ADD_EPOCH = insert(epochs)


def advance(
    connection: Connection,
    trial: Trial,
    epoch: Epoch,
    *,
    value: float | None,
    best: Best | None,
    model_parameters: int | None,
    lease_expires_at: float,
) -> Trial | None:
    """Append an epoch and renew the lease; None if the attempt no longer holds the trial at this epoch.

    ``value`` is the first objective in this epoch, ``best`` the best epoch so far.
    """
    best_epoch, best_value, values = (best.epoch, best.value, best.values) if best else (None,) * 3
    advanced = connection.execute(
        _ADVANCE,
        {
            "study": trial.study_id,
            "by_number": trial.number,
            "by_attempt": trial.attempt,
            "by_epoch": epoch.epoch,
            "lease": lease_expires_at,
            "new_best_epoch": best_epoch,
            "new_value": best_value,
            "new_values": values if values is None else dict(values),
            "new_model_parameters": model_parameters,
        },
    )
    if advanced.rowcount == 0:
        return None
    connection.execute(
        _ADD_EPOCH,
        {
            "trial_id": trial.id,
            "epoch": epoch.epoch,
            "metrics": dict(epoch.metrics),
            "value": value,
            "seconds": epoch.seconds,
        },
    )
    return replace(
        trial,
        epochs=trial.epochs + 1,
        lease_expires_at=lease_expires_at,
        best_epoch=best_epoch,
        value=best_value,
        values=values,
        model_parameters=model_parameters,
    )


_CURVE = (
    select(epochs.c.epoch, epochs.c.value)
    .where(epochs.c.trial_id == bindparam("by_trial"))
    .order_by(epochs.c.epoch)
)


def curve(connection: Connection, trial: Trial) -> list[float | None]:
    """The first objective in every epoch so far."""
    return [value for _, value in connection.execute(_CURVE, {"by_trial": trial.id})]


def curves(connection: Connection, ids: Iterable[int]) -> dict[int, list[float | None]]:
    """The same for many trials, by their row's id."""
    found: dict[int, list[float | None]] = {}
    wanted = list(ids)
    for start_at in range(0, len(wanted), 500):
        query = (
            select(epochs.c.trial_id, epochs.c.value)
            .where(epochs.c.trial_id.in_(wanted[start_at : start_at + 500]))
            .order_by(epochs.c.trial_id, epochs.c.epoch)
        )
        for trial_id, value in connection.execute(query):
            found.setdefault(trial_id, []).append(value)
    return found


_OF_OPEN = (
    select(trials.c.number, epochs.c.value)
    .join(epochs, epochs.c.trial_id == trials.c.id)
    .where(
        trials.c.study_id == bindparam("study"),
        trials.c.state.in_(OPEN),
        epochs.c.epoch == bindparam("by_epoch"),
    )
)


def of_open(connection: Connection, study: Study, number: int) -> dict[int, float | None]:
    """The first objective in one epoch of every trial that has not ended and came so far, by its number."""
    rows = connection.execute(_OF_OPEN, {"study": study.id, "by_epoch": number})
    return {row.number: row.value for row in rows}


_EPOCH = select(epochs).where(
    epochs.c.trial_id == bindparam("by_trial"), epochs.c.epoch == bindparam("by_epoch")
)


def epoch(connection: Connection, trial: Trial, number: int) -> Epoch | None:
    row = connection.execute(_EPOCH, {"by_trial": trial.id, "by_epoch": number}).one_or_none()
    return None if row is None else Epoch(row.epoch, row.metrics, row.seconds)


_ALL = select(epochs).where(epochs.c.trial_id == bindparam("by_trial")).order_by(epochs.c.epoch)


def all_epochs(connection: Connection, trial: Trial) -> list[Epoch]:
    rows = connection.execute(_ALL, {"by_trial": trial.id})
    return [Epoch(row.epoch, row.metrics, row.seconds) for row in rows]


def epoch_page(connection: Connection, trial: Trial, *, limit: int, offset: int) -> list[Epoch]:
    query = (
        select(epochs)
        .where(epochs.c.trial_id == trial.id, epochs.c.epoch >= offset)
        .order_by(epochs.c.epoch)
        .limit(limit)
    )
    return [Epoch(row.epoch, row.metrics, row.seconds) for row in connection.execute(query)]
