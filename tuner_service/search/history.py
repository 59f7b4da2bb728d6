"""What a study's trials have shown so far, kept up as they end, in the shape that Optuna reads.

One ``History`` belongs to one study. Trials are added once, when they end, in the order in which they ended; nothing
is read again, so asking stays cheap as a study grows.
"""

import math
from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from tuner_service.domain.space import Space, Value
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search.distributions import Distributions
from tuner_service.search.rungs import Rungs

_STATES = {
    TrialState.RUNNING: OptunaState.RUNNING,
    TrialState.COMPLETED: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
    TrialState.CANCELLED: OptunaState.FAIL,
}


@dataclass(frozen=True)
class Past:
    """A trial as the search sees it: ``values`` in the order of the objectives, ``curve`` one value an epoch."""

    number: int
    state: TrialState
    parameters: Mapping[str, Value]
    values: Sequence[float] | None = None
    curve: Sequence[float | None] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the sampler noted down when it suggested the trial: ``{"trial": {…}, "study": {…}}``."""


class History:
    """The ended trials of one study up to ``revision``."""

    def __init__(self, spec: Spec, space: Space) -> None:
        self.spec = spec
        self.distributions = Distributions(space)
        self.revision = 0
        self.ended: list[FrozenTrial] = []
        self.notes: dict[str, Any] = {}
        self.completed = 0
        self.rungs = Rungs(spec.pruning)
        self._reported_at: Counter[int] = Counter()
        self._values_at: dict[int, list[float]] = {}
        self._numbers: set[int] = set()
        self._candidates: set[tuple[tuple[str, Value], ...]] = set()

    def add(self, past: Past, revision: int) -> None:
        """Add a trial that ended at this revision."""
        self.revision = revision
        trial = self.frozen(past)
        insort(self.ended, trial, key=lambda each: each.number)
        self.notes |= past.notes.get("study", {})
        self._candidates.add(_key(past.parameters))
        self._numbers.add(past.number)
        self.rungs.add(trial)
        if past.state is not TrialState.COMPLETED:
            return
        self.completed += 1
        for epoch, value in trial.intermediate_values.items():
            self._reported_at[epoch] += 1
            if not math.isnan(value):
                insort(self._values_at.setdefault(epoch, []), value)

    def frozen(self, past: Past) -> FrozenTrial:
        """A trial in Optuna's form."""
        state = _STATES[past.state]
        values = list(past.values) if past.values is not None else None
        if state is OptunaState.COMPLETE and values is None:
            state = OptunaState.FAIL
        # What a search carries along without effect is part of what it learns from.
        genes = {**past.notes.get("genome", {}), **past.parameters}
        parameters = {k: v for k, v in genes.items() if k in self.distributions.by_name}
        return FrozenTrial(
            number=past.number,
            trial_id=past.number,
            state=state,
            value=None,
            values=values if state is OptunaState.COMPLETE else None,
            datetime_start=None,
            datetime_complete=None,
            params=parameters,
            distributions=self.distributions.of(parameters),
            user_attrs={},
            system_attrs=dict(past.notes.get("trial", {})),
            intermediate_values={
                epoch: math.nan if value is None else value
                for epoch, value in enumerate(past.curve)
            },
        )

    def values_at(self, epoch: int) -> Sequence[float]:
        """The first objective of every completed trial in an epoch, ascending; NaN left out."""
        return self._values_at.get(epoch, ())

    def reported_at(self, epoch: int) -> int:
        """How many completed trials reported this epoch, NaN counted."""
        return self._reported_at[epoch]

    def has_ended(self, number: int) -> bool:
        return number in self._numbers

    def has_tried(self, parameters: Mapping[str, Value]) -> bool:
        return _key(parameters) in self._candidates


def _key(parameters: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(parameters.items()))
