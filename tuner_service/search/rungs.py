"""The rungs of successive halving: after how many epochs trials compete, and with what values they did.

A rung that a trial has completed is its value in a certain epoch, so what Optuna's rule notes down for itself can be
read off the curve. It lives as long as the curve does: a restart or another replica finds it there, and an epoch that
is rolled back takes its rung with it.
"""

import math
from bisect import insort
from collections.abc import Mapping, Sequence
from functools import cached_property

from optuna.pruners import HyperbandPruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from tuner_service.domain.study import Pruning
from tuner_service.search.snapshot import Snapshot

BY_RUNGS = frozenset({"successive_halving", "hyperband"})


class Rungs:
    """The rungs of each trial, by its number, and the values with which ended trials completed them."""

    def __init__(self, pruning: Pruning) -> None:
        self.pruning = pruning
        self._values: dict[tuple[int, int], list[float]] = {}

    def add(self, trial: FrozenTrial) -> None:
        """Add a trial that ended, however it ended."""
        if self.pruning.algorithm not in BY_RUNGS:
            return
        bracket = self.bracket(trial.number)
        for epoch, value in trial.intermediate_values.items():
            if not math.isnan(value) and self.rung(bracket, epoch) is not None:
                insort(self._values.setdefault((bracket, epoch), []), value)

    def bracket(self, number: int) -> int:
        """Which of hyperband's halvings a trial belongs to: Optuna's draw, by the trial's number alone."""
        if self.pruning.algorithm != "hyperband":
            return 0
        study, hyperband = self._hyperband
        return hyperband._get_bracket_id(study, _numbered(number))

    def rung(self, bracket: int, epoch: int) -> int | None:
        """Which rung a trial of this bracket completes with this epoch, if any; the last epoch is none."""
        options = self.pruning.options
        trained = epoch + 1
        if options["max_epochs"] is not None and trained >= options["max_epochs"]:
            return None
        rung = 0
        at = options["min_epochs"] * options["reduction_factor"] ** bracket
        while at < trained:
            at *= options["reduction_factor"]
            rung += 1
        return rung if at == trained else None

    def values(self, bracket: int, epoch: int) -> Sequence[float]:
        """What the ended trials of a bracket had at a rung, ascending; those that were no number left out."""
        return self._values.get((bracket, epoch), ())

    def of_bracket(self, bracket: int, running: Mapping[int, float | None]) -> list[float]:
        """The numbers among these values, by their trial, that compete in this bracket."""
        return [
            value
            for number, value in running.items()
            if value is not None and self.bracket(number) == bracket
        ]

    @cached_property
    def _hyperband(self) -> tuple[Study, HyperbandPruner]:
        options = self.pruning.options
        hyperband = HyperbandPruner(
            options["min_epochs"], options["max_epochs"], options["reduction_factor"]
        )
        nobody = _numbered(0)
        study = Snapshot([StudyDirection.MINIMIZE], [], nobody, {}).study(pruner=hyperband)
        hyperband._try_initialization(study)
        return study, hyperband


def _numbered(number: int) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=OptunaState.RUNNING,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )


def at_place(place: int, ascending: Sequence[float], others: Sequence[float]) -> float:
    """The value at a place, from 0, of both together; looks at no more of the first than there are others."""
    dropped = max(0, place - len(others))
    return sorted([*ascending[dropped : place + 1], *others])[place - dropped]
