"""The list of studies, each at a glance; read so that a list of hundreds costs a few milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner_service.domain.standing import Standing
from tuner_service.domain.study import OVER, StudyState
from tuner_service.domain.trial import OPEN, TrialState
from tuner_service.errors import UnknownStudy
from tuner_service.service.memory.standings import Known
from tuner_service.service.setup import Service
from tuner_service.storage import overviews
from tuner_service.storage.overviews import Listed, Mark

Counts = Mapping[TrialState, int]


@dataclass(frozen=True)
class Overview:
    """One study. ``progress``: how many of its trials are in each state."""

    row: Listed
    known: Known
    progress: Counts

    @property
    def standing(self) -> Standing:
        return self.known.standing

    @property
    def seconds_left(self) -> float | None:
        """None where there is nothing to estimate from, and once the study does not run."""
        row = self.row
        if row.state is not StudyState.RUNNING:
            return None
        estimate = self.standing.seconds_left(
            unended=row.budget_trials - self.standing.ended,
            running=self.progress[TrialState.RUNNING],
        )
        if row.budget_seconds is None:
            return estimate
        until = max(0.0, row.created_at + row.budget_seconds - row.at)
        return until if estimate is None else min(estimate, until)

    @property
    def seconds_taken(self) -> float | None:
        """Of a study that is over: from its opening to the end of its last trial."""
        if self.row.state not in OVER or self.standing.last_end is None:
            return None
        return max(0.0, self.standing.last_end - self.row.created_at)


@dataclass(frozen=True)
class Listing:
    """``by_state``: how many there are with such a name, on this page or another."""

    studies: Sequence[Overview]
    by_state: Mapping[StudyState, int]


def mark(service: Service) -> Mark:
    """Another one after every change of any study."""
    with service.database.read() as connection:
        return overviews.mark(connection)


def listing(
    service: Service, *, named: str, state: StudyState | None, limit: int, offset: int
) -> Listing:
    """The studies with ``named`` in their names, newest first."""
    with service.database.snapshot() as connection:
        rows = overviews.page(connection, named=named, state=state, limit=limit, offset=offset)
        going_on = [row.id for row in rows if row.state not in OVER]
        opened = overviews.open_counts(connection, going_on)
        found = [
            Overview(row, known, _progress(known.standing, opened.get(row.id, {})))
            for row in rows
            if (known := service.standings.of(connection, row)) is not None
        ]
        return Listing(found, overviews.state_counts(connection, named))


def of(service: Service, name: str) -> Overview:
    """Raises UnknownStudy."""
    with service.database.snapshot() as connection:
        row = overviews.one(connection, name)
        known = None if row is None else service.standings.of(connection, row)
        if row is None or known is None:
            raise UnknownStudy(name)
        opened = overviews.open_counts(connection, [row.id])
        return Overview(row, known, _progress(known.standing, opened[row.id]))


def _progress(standing: Standing, opened: Counts) -> Counts:
    return dict.fromkeys(OPEN, 0) | dict(opened) | dict(standing.counts)
