"""The verdict on a trial after an epoch: go on, or prune."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.pruners import MedianPruner

from tuner_service.domain.study import Pruning
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.snapshot import Snapshot, directions


@dataclass(frozen=True)
class Judgement:
    """A trial to be pruned, and why, in a sentence."""

    reason: str


def judge(
    pruning: Pruning, history: History, number: int, curve: Sequence[float | None]
) -> Judgement | None:
    """Whether the trial with this curve (first objective, one value an epoch) should end here; None: go on."""
    if pruning.algorithm == "none" or not curve:
        return None
    options = pruning.options
    startup = options.get("startup_trials", 5)
    epoch = len(curve) - 1
    if history.completed < startup or epoch < options.get("warmup_epochs", 0):
        return None
    rivals = _middle(history.values_at(epoch), at_least=options.get("min_trials", 1))
    shown = [
        history.frozen(
            Past(-1 - n, TrialState.COMPLETED, {}, values=[value], curve=[*[None] * epoch, value])
        )
        for n, value in enumerate(rivals)
    ]
    current = history.frozen(Past(number, TrialState.RUNNING, {}, curve=curve))
    pruner = MedianPruner(
        n_startup_trials=0,  # counted above, over all completed trials
        n_warmup_steps=options.get("warmup_epochs", 0),
        interval_steps=options.get("interval_epochs", 1),
        n_min_trials=options.get("min_trials", 1),
    )
    objective = history.spec.objective
    study = Snapshot(directions([objective]), [*shown, current], current, {}).study(pruner=pruner)
    if not pruner.prune(study, current):
        return None
    median = (rivals[(len(rivals) - 1) // 2] + rivals[len(rivals) // 2]) / 2 if rivals else None
    finite = [value for value in curve if value is not None]
    if median is None or not finite:
        return Judgement(f"{objective.metric} is not a number at epoch {epoch}")
    best = max(finite) if objective.better(1.0, than=0.0) else min(finite)
    return Judgement(
        f"best {objective.metric} {best:.4g} by epoch {epoch}, median of "
        f"{len(history.values_at(epoch))} trials at that epoch {median:.4g}"
    )


def _middle(ascending: Sequence[float], at_least: int) -> Sequence[float]:
    """The middle values. As many are left out below as above, so their median is the median of all.

    Optuna's rule asks for nothing but the median, so its verdict is the same and costs the same at 100 trials and at
    10,000.
    """
    keep = max(at_least, 2) + 1
    drop = max(0, (len(ascending) - keep) // 2)
    return ascending[drop : len(ascending) - drop]
