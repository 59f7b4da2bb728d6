"""How each study stands by the trials that ended, kept in memory and brought up to date from the database."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from tuner_service.domain.standing import Best, Standing, later
from tuner_service.domain.study import Direction, Objective
from tuner_service.storage import overviews
from tuner_service.storage.overviews import Listed
from tuner_service.storage.standings import winner

MOST = 10_000
"""So many studies stay in memory, with a kilobyte or two each; the one unused for longest goes first."""


@dataclass(frozen=True)
class Known:
    """What is kept of a study. ``best_values``: all objectives of its best trial."""

    objectives: tuple[Objective, ...]
    standing: Standing = field(default_factory=Standing)
    best_values: Mapping[str, float] = field(default_factory=dict)


class Standings:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_study: OrderedDict[tuple[int, float], Known] = OrderedDict()

    def of(self, connection: Connection, study: Listed) -> Known | None:
        """The study with every trial that ended until now; None if it is no longer there."""
        # The id of a row whose insertion was rolled back is given again: so not by the id alone.
        key = (study.id, study.created_at)
        with self._lock:
            known = self._by_study.get(key) or _first_seen(connection, study.id)
            if known is None:
                return None
            if study.ended_revision > known.standing.revision:
                known = _updated(connection, study.id, known)
            self._by_study[key] = known
            self._by_study.move_to_end(key)
            if len(self._by_study) > MOST:
                self._by_study.popitem(last=False)
            return known


def _first_seen(connection: Connection, study_id: int) -> Known | None:
    found = overviews.objectives(connection, study_id)
    objectives = tuple(Objective(each["metric"], Direction(each["direction"])) for each in found)
    return Known(objectives) if objectives else None


def _updated(connection: Connection, study_id: int, known: Known) -> Known:
    first, *others = known.objectives
    ended = overviews.ended_after(connection, study_id, known.standing.revision)
    standing = later(known.standing, first, ended)
    if standing.best is None:
        return replace(known, standing=standing)
    if others and (won := winner(connection, study_id, known.objectives)) is not None:
        # Among those with the same first objective the others decide.
        best = Best(won.number, standing.best.value)
        return Known(known.objectives, replace(standing, best=best), won.values or {})
    return replace(known, standing=standing, best_values={first.metric: standing.best.value})
