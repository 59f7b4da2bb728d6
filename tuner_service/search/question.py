"""What a rule is asked, and what it answers with: Optuna's verdict over no more of the history than it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial

from tuner_service.domain.study import Objective
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.snapshot import Snapshot, directions


@dataclass(frozen=True)
class Question:
    """A trial after an epoch: ``value`` in this one, ``best`` until now (first objective), None where not finite."""

    history: History
    number: int
    epoch: int
    value: float | None
    best: float | None
    curve: Sequence[float | None] = ()
    """One value an epoch, this one last; only for a verdict."""
    running: Mapping[int, float | None] | None = None
    """What other trials, not ended, had in this epoch, by their number; only for a verdict by rungs."""

    @property
    def objective(self) -> Objective:
        return self.history.spec.objective

    def current(self) -> FrozenTrial:
        return self.history.frozen(Past(self.number, TrialState.RUNNING, {}, curve=self.curve))

    def answer(self, pruner: BasePruner, current: FrozenTrial, rivals: list[FrozenTrial]) -> bool:
        """Optuna's verdict, beside these rivals."""
        towards = directions([self.objective])
        study = Snapshot(towards, [*rivals, current], current, {}).study(pruner=pruner)
        return bool(pruner.prune(study, current))


class Rule(Protocol):
    def may_end(self, question: Question) -> bool:
        """Whether it could end the trial here at all, which is known without its curve and without Optuna."""

    def why(self, question: Question) -> str | None:
        """Why the trial ends here; None if it goes on."""
