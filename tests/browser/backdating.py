"""What was reported within seconds becomes the work of hours: each trial takes as long as its epochs say."""

import heapq
import time
from random import Random
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tuner_service.service.setup import Service
from tuner_service.storage.tables import (
    artifacts,
    epochs,
    history,
    loads,
    studies,
    trials,
    workers,
)

LANES = 3
"""So many trials were trained at once."""
REST_SECONDS = 4.0
"""Between two trials of a lane."""
OPENED_HOURS_AGO = (52.0, 47.0, 30.0, 26.0, 21.0, 6.0, 1.5)
"""Of the studies in their order; one that runs began as long ago as its trials took."""
SILENT_SECONDS = {"lab-desktop": 420.0, "old-laptop": 3 * 86_400.0}
TOLD_SECONDS = 40.0
"""How often the workers told of their load in the last hour."""


def backdate(service: Service) -> None:
    now = time.time()
    with service.database.write() as connection:
        rows = connection.execute(select(studies).order_by(studies.c.id)).all()
        for index, study in enumerate(rows):
            hours = OPENED_HOURS_AGO[min(index, len(OPENED_HOURS_AGO) - 1)]
            _backdate(connection, study, now, hours)
        _tell_loads(connection, now)
        for name, silent in SILENT_SECONDS.items():
            connection.execute(
                update(workers)
                .where(workers.c.name == name)
                .values(last_seen=now - silent, registered_at=now - silent - 86_400)
            )


def keep_in_touch(service: Service) -> None:
    """The workers that have not gone silent were heard of at this moment."""
    with service.database.write() as connection:
        connection.execute(
            update(workers)
            .where(workers.c.name.not_in(SILENT_SECONDS))
            .values(last_seen=time.time())
        )


def _tell_loads(connection: Connection, now: float) -> None:
    """An hour of load before what each worker told, which itself is moved to where it fell silent."""
    rng = Random(2)
    told = connection.execute(select(loads).order_by(loads.c.worker)).all()
    connection.execute(delete(loads))
    samples = []
    for row in told:
        silent = SILENT_SECONDS.get(row.worker, 0.0)
        for step in range(int(3500 / TOLD_SECONDS)):
            body = {key: [_near(share, step, rng) for share in row.body[key]] for key in row.body}
            at = now - silent - step * TOLD_SECONDS
            samples.append({"at": at, "worker": row.worker, "body": body})
    connection.execute(insert(loads), samples)


def _near(share: float | None, step: int, rng: Random) -> float | None:
    """As busy as now or somewhat less; a quarter of an hour ago nothing was done for a while."""
    if share is None:
        return None
    rested = 0.3 if 20 < step < 29 else 1.0
    return round(share * rested * rng.uniform(0.86, 1.0), 3)


def _backdate(connection: Connection, study: Row[Any], now: float, hours: float) -> None:
    spans = _spans(connection, study)
    length = max((end for _, _, end in spans), default=0.0)
    open_ones = any(trial.state == "running" for trial, _, _ in spans)
    begin = now - length if open_ones else now - hours * 3600
    connection.execute(
        update(studies).where(studies.c.id == study.id).values(created_at=begin - 30)
    )
    for trial, start, end in spans:
        started, ended = begin + start, begin + end
        values: dict[str, Any] = {}
        if trial.started_at is not None:
            values |= {"started_at": started, "claimed_at": started, "seconds_before": 0.0}
        if trial.finished_at is not None:
            values["finished_at"] = ended
            _stamp(connection, trial, ended)
        if values:
            connection.execute(update(trials).where(trials.c.id == trial.id).values(**values))
        _tell(connection, trial, started, ended)


def _spans(connection: Connection, study: Row[Any]) -> list[tuple[Row[Any], float, float]]:
    """Each trial with its start and end in seconds since the study's first; running ones end last."""
    sums = select(epochs.c.trial_id, func.sum(epochs.c.seconds).label("seconds")).group_by(
        epochs.c.trial_id
    )
    took = {row.trial_id: row.seconds for row in connection.execute(sums)}
    lanes = [float(lane) for lane in range(LANES)]
    rows = connection.execute(
        select(trials).where(trials.c.study_id == study.id).order_by(trials.c.number)
    ).all()
    spans = []
    for trial in rows:
        start = heapq.heappop(lanes)
        end = start + (took.get(trial.id) or 1.0) + 2.0
        heapq.heappush(lanes, end + REST_SECONDS)
        spans.append((trial, start, end))
    last = max((end for _, _, end in spans), default=0.0)
    return [
        (trial, start + last - end, last) if trial.state == "running" else (trial, start, end)
        for trial, start, end in spans
    ]


def _stamp(connection: Connection, trial: Row[Any], at: float) -> None:
    connection.execute(
        update(artifacts).where(artifacts.c.trial_id == trial.id).values(created_at=at)
    )


def _tell(connection: Connection, trial: Row[Any], started: float, ended: float) -> None:
    """The lines of its history, spread from its start to its end."""
    lines = connection.execute(
        select(history.c.id).where(history.c.trial_id == trial.id).order_by(history.c.id)
    ).all()
    for index, line in enumerate(lines):
        share = index / max(len(lines) - 1, 1)
        connection.execute(
            update(history)
            .where(history.c.id == line.id)
            .values(at=started + share * (ended - started))
        )
