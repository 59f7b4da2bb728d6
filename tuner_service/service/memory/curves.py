"""The learning curves of the trials that are looked at; those of ended trials are read once."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import Connection

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial
from tuner_service.storage import results

Curve = list[float | None]
"""One value for each epoch; None where it was not finite or not reported."""

MOST_VALUES = 300_000
"""So many values of a study stay in memory; the curves unused for longest go first."""


class Curves:
    """The curves of one study, by trial and metric."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str], Curve] = OrderedDict()
        self._values = 0

    def __len__(self) -> int:
        """How many values are kept."""
        return self._values

    def read(
        self, connection: Connection, study: Study, trials: Sequence[Trial], metric: str
    ) -> dict[int, Curve]:
        """The curve of each of these trials, by number."""
        with self._lock:
            curves = {
                t.id: self._kept[t.id, metric] for t in trials if (t.id, metric) in self._kept
            }
            for trial_id in curves:
                self._kept.move_to_end((trial_id, metric))
        missing = [trial.id for trial in trials if trial.id not in curves]
        curves |= _read(connection, study, missing, metric)
        with self._lock:
            for trial in trials:
                if trial.finished_at is not None:
                    self._keep((trial.id, metric), curves[trial.id])
        return {trial.number: curves[trial.id] for trial in trials}

    def _keep(self, key: tuple[int, str], curve: Curve) -> None:
        if key not in self._kept:
            self._kept[key] = curve
            self._values += len(curve)
        while self._values > MOST_VALUES:
            _, dropped = self._kept.popitem(last=False)
            self._values -= len(dropped)


def _read(
    connection: Connection, study: Study, ids: Sequence[int], metric: str
) -> dict[int, Curve]:
    found: dict[int, Curve] = {trial_id: [] for trial_id in ids}
    if metric == study.spec.objective.metric:
        values = results.objective_curves(connection, ids)
    else:
        values = results.metric_curves(connection, ids, metric)
    for trial_id, value in values:
        found[trial_id].append(value)
    return found
