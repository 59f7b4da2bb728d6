"""Rules that look at a trial's own curve: a range for its values, and patience."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.pruners import PatientPruner, ThresholdPruner

from tuner_service.search.question import Question, Rule


@dataclass(frozen=True)
class Threshold:
    """A trial ends whose value leaves a range, or is no number."""

    options: Mapping[str, Any]

    def may_end(self, question: Question) -> bool:
        if question.epoch < self.options["warmup_epochs"]:
            return False
        return self._outside(question.value) is not None

    def why(self, question: Question) -> str | None:
        pruner = ThresholdPruner(
            self.options["lower"],
            self.options["upper"],
            n_warmup_steps=self.options["warmup_epochs"],
            interval_steps=self.options["interval_epochs"],
        )
        if not question.answer(pruner, question.current(), []):
            return None
        outside = self._outside(question.value)
        return f"{question.objective.metric} {outside} at epoch {question.epoch}"

    def _outside(self, value: float | None) -> str | None:
        lower, upper = self.options["lower"], self.options["upper"]
        if value is None:
            return "is not a number"
        if lower is not None and value < lower:
            return f"{value:.4g} is below {lower:.4g}"
        if upper is not None and value > upper:
            return f"{value:.4g} is above {upper:.4g}"
        return None


@dataclass(frozen=True)
class Patient:
    """Another rule, asked only once a trial was worse than before for some epochs; without one that alone ends it.

    A curve that stands still is no worse, so a plateau is waited out.
    """

    options: Mapping[str, Any]
    wrapped: Rule | None

    def may_end(self, question: Question) -> bool:
        if question.epoch <= self.options["patience"]:
            return False
        return self.wrapped is None or self.wrapped.may_end(question)

    def why(self, question: Question) -> str | None:
        patience, least = self.options["patience"], self.options["min_delta"]
        pruner = PatientPruner(None, patience, least)
        if not question.answer(pruner, question.current(), []):
            return None
        why = None if self.wrapped is None else self.wrapped.why(question)
        if self.wrapped is not None and why is None:
            return None
        by = f" by more than {least:g}" if least else ""
        waited = f"worse than before{by} for {patience + 1} epoch{'s' if patience else ''}"
        if why is not None:
            return f"{why}; {waited}"
        return f"{question.objective.metric} {waited} at epoch {question.epoch}"
