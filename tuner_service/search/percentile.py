"""The median rule and other percentiles: better than so many of the completed trials, or out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.pruners import PercentilePruner

from tuner_service.domain.study import Direction, Objective
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import Past
from tuner_service.search.question import Question


@dataclass(frozen=True)
class Percentile:
    """A trial ends whose best value is not among so many percent of the completed ones in the same epoch."""

    options: Mapping[str, Any]
    percentile: float
    name: str

    def may_end(self, question: Question) -> bool:
        history, epoch = question.history, question.epoch
        if history.completed < self.options["startup_trials"]:
            return False
        if epoch < self.options["warmup_epochs"]:
            return False
        if question.best is None:
            return True
        if history.reported_at(epoch) < self.options["min_trials"]:
            return False
        beside, _ = self._around(history.values_at(epoch), question.objective)
        return any(question.objective.better(rival, than=question.best) for rival in beside)

    def why(self, question: Question) -> str | None:
        history, epoch, metric = question.history, question.epoch, question.objective.metric
        values = history.values_at(epoch)
        limit = None
        if values:
            # The percentile of one value is that value: Optuna is shown the one to which all of them come down.
            limit = float(np.quantile(*self._around(values, question.objective)))
        curve = [*[None] * epoch, limit]
        rival = history.frozen(Past(-1, TrialState.COMPLETED, {}, values=[0.0], curve=curve))
        pruner = PercentilePruner(
            self.percentile,
            n_startup_trials=0,  # these two are counted above, over all completed trials
            n_min_trials=1,
            n_warmup_steps=self.options["warmup_epochs"],
            interval_steps=self.options["interval_epochs"],
        )
        if not question.answer(pruner, question.current(), [rival]):
            return None
        if question.best is None or limit is None:
            return f"{metric} is not a number at epoch {epoch}"
        return (
            f"best {metric} {question.best:.4g} by epoch {epoch}, {self.name} of "
            f"{len(values)} trials at that epoch {limit:.4g}"
        )

    def _around(
        self, ascending: Sequence[float], objective: Objective
    ) -> tuple[Sequence[float], float]:
        """The values on either side of the percentile, and how far it is from the first to the second (0 to 1).

        It is their quantile there, computed from the same numbers as NumPy computes it from all of them: a verdict
        costs the same at 100 trials and at 10,000.
        """
        maximize = objective.direction is Direction.MAXIMIZE
        from_below = 100 - self.percentile if maximize else self.percentile
        place = max(0, len(ascending) - 1) * (from_below / 100)
        below = int(place)
        return ascending[below : below + 2], place - below
