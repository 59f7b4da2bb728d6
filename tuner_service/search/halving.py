"""Successive halving and hyperband."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.pruners import SuccessiveHalvingPruner
from optuna.trial import FrozenTrial

from tuner_service.domain.study import Direction
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import Past
from tuner_service.search.question import Question
from tuner_service.search.rungs import at_place


@dataclass(frozen=True)
class Halving:
    """Asynchronous successive halving: at each rung a trial ends that is not among the best of those that came there.

    Under ``hyperband`` only trials of the same bracket compete.
    """

    options: Mapping[str, Any]
    has_brackets: bool

    def may_end(self, question: Question) -> bool:
        rungs = question.history.rungs
        return rungs.rung(rungs.bracket(question.number), question.epoch) is not None

    def why(self, question: Question) -> str | None:
        rungs, epoch, value = question.history.rungs, question.epoch, question.value
        bracket = rungs.bracket(question.number)
        rung = rungs.rung(bracket, epoch)
        assert rung is not None, "asked only where it may end"
        others = rungs.of_bracket(bracket, question.running or {})
        ended = rungs.values(bracket, epoch)
        current = question.current()
        # Optuna's step is what a trial has cost until then: one more than the epoch, which is counted from 0.
        current.intermediate_values = {epoch + 1: current.intermediate_values[epoch]}
        current.system_attrs |= {f"completed_rung_{below}": 0.0 for below in range(rung)}
        shown: list[FrozenTrial] = []
        if value is None:
            reason = f"{question.objective.metric} is not a number at epoch {epoch}"
        else:
            competing = [*others, value]
            count = len(ended) + len(competing)
            most = max(1, count // self.options["reduction_factor"])
            place = count - most if question.objective.direction is Direction.MAXIMIZE else most - 1
            limit = at_place(place, ended, competing)
            # Of two, the better one goes on: the other one is the last of all that would.
            rival = question.history.frozen(Past(-1, TrialState.COMPLETED, {}, values=[0.0]))
            rival.system_attrs[f"completed_rung_{rung}"] = limit
            shown = [rival]
            reason = (
                f"{question.objective.metric} {value:.4g} at epoch {epoch}, the best {most} of "
                f"{count} trials at rung {rung}{self._of(bracket)} reach {limit:.4g}"
            )
        pruner = SuccessiveHalvingPruner(
            min_resource=self.options["min_epochs"],
            reduction_factor=self.options["reduction_factor"],
            min_early_stopping_rate=bracket,
        )
        return reason if question.answer(pruner, current, shown) else None

    def _of(self, bracket: int) -> str:
        return f" of bracket {bracket}" if self.has_brackets else ""
