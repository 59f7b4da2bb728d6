"""What the trials of a study show, read in bulk for those who look at many of them at once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, cast, literal, select

from tuner_service.domain.study import Study
from tuner_service.domain.trial import OPEN, Trial
from tuner_service.storage.tables import epochs, trials
from tuner_service.storage.trials import from_row

_TRIALS = select(
    *(
        # A sampler's notes may be larger than all the rest of a trial, and nobody looks at them.
        literal("{}")
        if column is trials.c.notes
        # As text: to parse thousands at once takes a third of the time.
        else cast(column, Text)
        if column in (trials.c.parameters, trials.c["values"])
        else column
        for column in trials.c
    )
).where(trials.c.study_id == bindparam("study"))
_JSON = [list(trials.c).index(trials.c[name]) for name in ("parameters", "values", "notes")]
_ENDED = _TRIALS.where(trials.c.ended_revision > bindparam("after")).order_by(
    trials.c.ended_revision, trials.c.number
)
_OPEN = _TRIALS.where(trials.c.state.in_(OPEN)).order_by(trials.c.number)
_AT_ONCE = 500


def ended_after(connection: Connection, study: Study, revision: int) -> list[Trial]:
    """The trials that ended after a revision, in the order in which they ended, without their notes."""
    return _read(connection, _ENDED, {"study": study.id, "after": revision})


def open_trials(connection: Connection, study: Study) -> list[Trial]:
    """The queued and the running ones by number, without their notes."""
    return _read(connection, _OPEN, {"study": study.id})


def _read(connection: Connection, query: Select[Any], of: Mapping[str, int]) -> list[Trial]:
    found: list[Trial] = []
    for rows in connection.execute(query, of).partitions(_AT_ONCE):
        columns = [list(column) for column in zip(*rows, strict=True)]
        for place in _JSON:
            # In portions, since nothing else of this process runs while one is parsed.
            columns[place] = json.loads(f"[{','.join(text or 'null' for text in columns[place])}]")
        found += map(from_row, zip(*columns, strict=True))
    return found


def objective_curves(
    connection: Connection, ids: Sequence[int]
) -> Iterator[tuple[int, float | None]]:
    """The id of a trial's row and its first objective, for each epoch of these trials, in order."""
    for query in _of_trials(select(epochs.c.trial_id, epochs.c.value), ids):
        yield from connection.execute(query)


def metric_curves(
    connection: Connection, ids: Sequence[int], metric: str
) -> Iterator[tuple[int, float | None]]:
    """The same for any metric; None in an epoch that did not report it."""
    for query in _of_trials(select(epochs.c.trial_id, epochs.c.metrics), ids):
        for trial_id, metrics in connection.execute(query):
            yield trial_id, metrics.get(metric)


def first_metrics(
    connection: Connection, ids: Sequence[int]
) -> Iterator[Mapping[str, float | None]]:
    """What each of these trials reported with its first epoch."""
    for query in _of_trials(select(epochs.c.metrics).where(epochs.c.epoch == 0), ids):
        yield from connection.scalars(query)


def _of_trials(query: Select[Any], ids: Sequence[int]) -> Iterator[Select[Any]]:
    """The query for portions of these trials, in the order of their rows and epochs."""
    for start in range(0, len(ids), _AT_ONCE):
        portion = query.where(epochs.c.trial_id.in_(ids[start : start + _AT_ONCE]))
        yield portion.order_by(epochs.c.trial_id, epochs.c.epoch)
