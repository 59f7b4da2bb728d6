"""The verdict on a trial after an epoch: go on, or prune."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner_service.domain.study import Direction, Pruning
from tuner_service.search.alone import Patient, Threshold
from tuner_service.search.halving import Halving
from tuner_service.search.history import History
from tuner_service.search.percentile import Percentile
from tuner_service.search.question import Question, Rule


@dataclass(frozen=True)
class Judgement:
    """A trial to be pruned, and why, in a sentence."""

    reason: str


def may_prune(
    pruning: Pruning,
    history: History,
    number: int,
    epoch: int,
    value: float | None,
    best: float | None,
) -> bool:
    """Whether the rule could end the trial after this epoch at all.

    ``value`` is its first objective in this epoch, ``best`` the best until now; None where not finite. It is known
    from what is in memory, so most epochs cost neither a look at the curve nor Optuna's time.
    """
    rule = _rule(pruning)
    return rule is not None and rule.may_end(Question(history, number, epoch, value, best))


def judge(
    pruning: Pruning,
    history: History,
    number: int,
    curve: Sequence[float | None],
    running: Mapping[int, float | None] | None = None,
) -> Judgement | None:
    """Whether the trial with this curve (first objective, one value an epoch) should end here; None: go on.

    ``running`` is what the trials that have not ended had in the same epoch, by their number; the rules by rungs
    compare with them too.
    """
    rule = _rule(pruning)
    if rule is None:
        return None
    finite = [value for value in curve if value is not None]
    maximize = history.spec.objective.direction is Direction.MAXIMIZE
    best = (max if maximize else min)(finite, default=None)
    others = {
        other: value
        for other, value in (running or {}).items()
        if other != number and not history.has_ended(other)
    }
    question = Question(history, number, len(curve) - 1, curve[-1], best, curve, others)
    reason = rule.why(question) if rule.may_end(question) else None
    return None if reason is None else Judgement(reason)


def _rule(pruning: Pruning) -> Rule | None:
    options = pruning.options
    match pruning.algorithm:
        case "median":
            return Percentile(options, 50.0, "median")
        case "percentile":
            best = options["percentile"]
            return Percentile(options, best, f"limit of the best {best:g} %")
        case "successive_halving" | "hyperband" as by_rungs:
            return Halving(options, has_brackets=by_rungs == "hyperband")
        case "threshold":
            return Threshold(options)
        case "patient":
            return Patient(options, _rule(Pruning(options["wraps"], options)))
    return None
