"""What the trials of studies show, kept in memory for those who look, and brought up to date by the trials that ended.

An ended trial never changes, so it is read once; those that are open are read each time. The database stays the truth,
and the memory may be lost at any moment.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.service.memory.curves import Curves
from tuner_service.storage import results, studies
from tuner_service.storage.engine import Database

MOST_TRIALS = 200_000
"""So many ended trials stay in memory, some 2 KB each; the studies unused for longest go first."""
VALUES_A_TRIAL = 64
"""So many values of curves take as much memory as a trial, and count as one."""


@dataclass(frozen=True)
class Shown:
    """A study and its trials at one moment: those that ended, in that order, and the open ones by number.

    The trials come without their notes.
    """

    study: Study
    ended: Sequence[Trial]
    open: Sequence[Trial]

    @cached_property
    def completed(self) -> list[tuple[Trial, float]]:
        """The completed trials in the order in which they ended, each with its first objective."""
        return [
            (trial, trial.value)
            for trial in self.ended
            if trial.state is TrialState.COMPLETED and trial.value is not None
        ]

    @cached_property
    def trials(self) -> list[Trial]:
        """All, by number."""
        return sorted((*self.ended, *self.open), key=attrgetter("number"))


class StudyResults:
    """What was read of one study so far."""

    def __init__(self) -> None:
        self.curves = Curves()
        self._reading = threading.Lock()
        self._ended: list[Trial] = []
        self._revision = -1

    def __len__(self) -> int:
        """How much memory it takes, in ended trials."""
        return len(self._ended) + len(self.curves) // VALUES_A_TRIAL

    def update(self, connection: Connection, study: Study) -> Shown:
        """The study as the connection sees it, which must see all of it at one moment."""
        with self._reading:
            if study.ended_revision > self._revision:
                self._ended += results.ended_after(connection, study, self._revision)
                self._revision = study.ended_revision
            # Another reader may have seen a later moment already.
            count = bisect_right(self._ended, study.ended_revision, key=_ended_at)
            ended = self._ended[:count]
        return Shown(study, ended, results.open_trials(connection, study))


def _ended_at(trial: Trial) -> int:
    return trial.ended_revision or 0


class Results:
    """The results of each study that was looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_study: OrderedDict[int, StudyResults] = OrderedDict()

    def read(self, database: Database, name: str) -> Shown:
        """Raises UnknownStudy."""
        with database.snapshot() as connection:
            study = studies.get(connection, name)
            return self.of(study).update(connection, study)

    def of(self, study: Study) -> StudyResults:
        with self._lock:
            entry = self._by_study.setdefault(study.id, StudyResults())
            self._by_study.move_to_end(study.id)
            while sum(map(len, self._by_study.values())) > MOST_TRIALS and len(self._by_study) > 1:
                self._by_study.popitem(last=False)
            return entry
