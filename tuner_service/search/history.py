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

from tuner_service.domain.parameter import Value
from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search.columns import Reader
from tuner_service.search.distributions import Distributions
from tuner_service.search.rungs import Rungs

_STATES = {
    TrialState.RUNNING: OptunaState.RUNNING,
    TrialState.COMPLETED: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
    TrialState.CANCELLED: OptunaState.FAIL,
}


Candidate = tuple[tuple[str, bool, Value], ...]


@dataclass(frozen=True)
class Past:
    """A trial as the search sees it: ``values`` in the order of the objectives, ``curve`` one value an epoch."""

    number: int
    state: TrialState
    parameters: Mapping[str, Value]
    values: Sequence[float] | None = None
    curve: Sequence[float | None] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Those of its suggestion, see ``suggest.Suggestion``."""


class History:
    """The ended trials of one study up to ``revision``.

    One thread at a time adds; others may read meanwhile, of an earlier revision too.
    """

    def __init__(self, spec: Spec, space: Space) -> None:
        self.spec = spec
        self.distributions = Distributions(space)
        self.revision = 0
        self.ended: list[FrozenTrial] = []
        self.completed = 0
        self.rungs = Rungs(spec.pruning)
        self.reader = Reader(self.distributions.by_name)
        self._reported_at: Counter[int] = Counter()
        self._values_at: dict[int, list[float]] = {}
        self._ended_at: dict[int, int] = {}
        self._study_notes: list[tuple[int, Mapping[str, Any]]] = []
        self._candidates: dict[Candidate, tuple[int, int]] = {}

    def add(self, past: Past, revision: int) -> None:
        """Add a trial that ended at this revision."""
        trial = self.frozen(past)
        # The revision first: an ask that reads on in another thread then knows that there is more than it may see.
        self.revision = revision
        self._ended_at[past.number] = revision
        insort(self.ended, trial, key=lambda each: each.number)
        if noted := past.notes.get("study"):
            self._study_notes.append((revision, noted))
        self._candidates.setdefault(candidate(past.parameters), (revision, past.number))
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
        return number in self._ended_at

    def ended_by(self, revision: int) -> list[FrozenTrial]:
        """The trials that had ended at this revision, by number."""
        ended = self.ended.copy()
        if self.revision <= revision:
            return ended
        return [trial for trial in ended if self._ended_at[trial.number] <= revision]

    def notes_by(self, revision: int) -> dict[str, Any]:
        """What samplers had noted down for the whole study at this revision."""
        notes: dict[str, Any] = {}
        for at, noted in self._study_notes.copy():
            if at <= revision:
                notes |= noted
        return notes

    def first_with(self, parameters: Mapping[str, Value], revision: int) -> int | None:
        """The first trial that had ended at this revision with exactly these parameters."""
        found = self._candidates.get(candidate(parameters))
        return None if found is None or found[0] > revision else found[1]


def candidate(parameters: Mapping[str, Value]) -> Candidate:
    """A candidate to be looked up: equal for equal parameters in any order, whatever steps were rounded to.

    True is not 1, though Python says so.
    """
    return tuple(
        (
            name,
            isinstance(value, bool),
            float(f"{value:.15g}") if isinstance(value, float) else value,
        )
        for name, value in sorted(parameters.items())
    )
