"""Reading trials."""

from collections.abc import Sequence

from tuner_service.domain.trial import Trial, TrialState
from tuner_service.errors import Invalid, Problem, known
from tuner_service.service.setup import Service
from tuner_service.service.views import (
    Json,
    epoch_json,
    happening_json,
    suggestion_json,
    trial_json,
)
from tuner_service.storage import epochs, happenings, standings, studies, trials
from tuner_service.storage.standings import Place


def page(
    service: Service,
    name: str,
    states: Sequence[TrialState],
    order_by: str,
    limit: int,
    after: Place | None = None,
) -> list[Trial]:
    """A page of trials, those after a place; ``order_by`` is a field, "-" before it for the other way round.

    Raises Invalid.
    """
    field = order_by.removeprefix("-")
    if field not in standings.ORDERS:
        msg = f'cannot order by "{field}"; allowed, also with "-" before it: {known(standings.ORDERS)}'
        raise Invalid([Problem(("query", "order_by"), msg)])
    with service.database.read() as connection:
        return standings.page(
            connection,
            studies.get(connection, name),
            states=states,
            order_by=field,
            descending=order_by.startswith("-"),
            limit=limit,
            after=after,
        )


def place(trial: Trial, order_by: str) -> Place:
    """Where a trial stands in this order: what comes after it can be asked for."""
    return standings.place(trial, order_by.removeprefix("-"))


def get(service: Service, name: str, number: int) -> Json:
    """One trial with its history and its suggestion. Raises UnknownStudy, UnknownTrial."""
    with service.database.read() as connection:
        trial = trials.get(connection, studies.get(connection, name), number)
        history = [happening_json(each) for each in happenings.page(connection, trial)]
    return trial_json(name, trial) | {"history": history, "suggestion": suggestion_json(trial)}


def epoch_page(service: Service, name: str, number: int, limit: int, offset: int) -> list[Json]:
    with service.database.read() as connection:
        trial = trials.get(connection, studies.get(connection, name), number)
        found = epochs.epoch_page(connection, trial, limit=limit, offset=offset)
        return [epoch_json(epoch) for epoch in found]
