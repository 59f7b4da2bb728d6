"""The history of each study that is being searched, kept in memory and brought up to date from the database."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.search import History, Past
from tuner_service.storage import epochs, standings
from tuner_service.storage.engine import held, unhurried

MOST = 64
"""So many studies' histories stay in memory; the one unused for longest goes first."""


class StudyHistory:
    """One study's history, and the lock under which its next candidate is chosen."""

    def __init__(self, study: Study) -> None:
        self.history = History(study.spec, study.space)
        self.asking = threading.Lock()
        self._updating = threading.Lock()

    def update(self, connection: Connection, study: Study) -> History:
        """The history with every trial that ended since it was last looked at.

        Raises WouldWait where waiting is not allowed while another thread reads, and before the first time: thousands
        of trials take seconds to read.
        """
        if self.history.revision < study.ended_revision and not self.history.ended:
            unhurried()
        with held(self._updating):
            # Under the lock: the revision moves on before the trial is there.
            if self.history.revision >= study.ended_revision:
                return self.history
            ended = standings.ended_after(connection, study, self.history.revision)
            add(connection, study, ended, to=self.history)
            return self.history


class Histories:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_study: OrderedDict[int, StudyHistory] = OrderedDict()

    def of(self, study: Study) -> StudyHistory:
        with self._lock:
            entry = self._by_study.get(study.id)
            if entry is None:
                entry = self._by_study[study.id] = StudyHistory(study)
                if len(self._by_study) > MOST:
                    self._by_study.popitem(last=False)
            self._by_study.move_to_end(study.id)
            return entry


def add(connection: Connection, study: Study, ended: Sequence[Trial], to: History) -> None:
    """Add trials, in the order in which they ended, with their curves."""
    if not ended:
        return
    curves = epochs.curves(connection, [trial.id for trial in ended if trial.epochs])
    for trial in ended:
        to.add(past(study, trial, curves.get(trial.id, [])), trial.ended_revision or 0)


def past(study: Study, trial: Trial, curve: list[float | None]) -> Past:
    """A trial as the search sees it."""
    values = None
    if trial.state is TrialState.COMPLETED and trial.values is not None:
        values = [trial.values[objective.metric] for objective in study.spec.objectives]
    return Past(trial.number, trial.state, trial.parameters, values, curve, trial.notes)
