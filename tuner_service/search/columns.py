"""Trials as arrays, where those that ended are read only once, since they do not change.

A sampler that goes through ten thousand trials one by one takes longer for that than for all it computes.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

_number, _state = attrgetter("_trial_id"), attrgetter("state")
"""A snapshot's trials have their numbers as identities, which need no call of Python's to be read."""
_CAPACITY = 64
_VALUE, _STEP, _KIND, _PARAMETERS = range(4)
"""The rows of the table before those of the parameters."""


@dataclass(frozen=True)
class Columns:
    """Some trials, a place each.

    ``values``: the first objective, of trials that were not completed in their last epoch; NaN: none. ``steps``: their
    last epoch, -1: none. ``kinds``: which parameters a trial has, as an index. ``parameters`` are in Optuna's internal
    form, NaN where they do not exist.
    """

    numbers: np.ndarray
    states: np.ndarray
    values: np.ndarray
    steps: np.ndarray
    kinds: np.ndarray
    parameters: Mapping[str, np.ndarray]

    def places(self, *states: TrialState) -> np.ndarray:
        """The places of the trials in these states."""
        return np.flatnonzero(np.isin(self.states, states))


class Reader:
    """Reads the trials of one study. Several threads may read at once."""

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self.kinds: list[dict[str, BaseDistribution]] = []
        """The distributions of each set of parameters that some trial has."""
        self._distributions = distributions
        self._lock = threading.Lock()
        self._indices: dict[frozenset[str], int] = {}
        self._known = np.zeros(_CAPACITY, dtype=bool)
        self._table = np.empty((_PARAMETERS + len(distributions), _CAPACITY))

    def read(self, trials: Sequence[FrozenTrial]) -> Columns:
        """These trials, in their order. A trial that ended may be shown as it was when it ran."""
        numbers = np.fromiter(map(_number, trials), dtype=int, count=len(trials))
        states = np.fromiter(map(_state, trials), dtype=int, count=len(trials))
        runs = states == TrialState.RUNNING
        with self._lock:
            self._grow(int(numbers.max(initial=-1)) + 1)
            for place in np.flatnonzero(~runs & ~self._known[numbers]).tolist():
                self._table[:, numbers[place]] = self._row(trials[place])
                self._known[numbers[place]] = True
            table = self._table[:, numbers]
            for place in np.flatnonzero(runs).tolist():
                table[:, place] = self._row(trials[place])
        return Columns(
            numbers,
            states,
            table[_VALUE],
            table[_STEP],
            table[_KIND].astype(int),
            dict(zip(self._distributions, table[_PARAMETERS:], strict=True)),
        )

    def _grow(self, size: int) -> None:
        if size > len(self._known):
            missing = max(size, 2 * len(self._known)) - len(self._known)
            self._known = np.pad(self._known, (0, missing))
            self._table = np.pad(self._table, ((0, 0), (0, missing)))

    def _row(self, trial: FrozenTrial) -> list[float]:
        step, value = -1, math.nan
        if trial.state is TrialState.COMPLETE:
            value = trial.values[0]
        elif trial.last_step is not None:
            step, value = trial.last_step, trial.intermediate_values[trial.last_step]
        names = frozenset(trial.params)
        if names not in self._indices:
            self._indices[names] = len(self.kinds)
            self.kinds.append(trial.distributions)
        return [
            value,
            step,
            self._indices[names],
            *(
                distribution.to_internal_repr(trial.params[name]) if name in names else math.nan
                for name, distribution in self._distributions.items()
            ),
        ]
