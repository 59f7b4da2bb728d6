"""The verdict on a trial after an epoch: go on, or prune."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.pruners import MedianPruner
from optuna.trial import FrozenTrial

from tuner_service.domain.study import Direction, Pruning
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.snapshot import Snapshot, directions


@dataclass(frozen=True)
class Judgement:
    """A trial to be pruned, and why, in a sentence."""

    reason: str


def may_prune(pruning: Pruning, history: History, epoch: int, best: float | None) -> bool:
    """Whether the rule could end a trial after this epoch at all, ``best`` being its best value so far.

    It cannot before enough trials are completed and the warm-up is over, nor if no value that could be the median is
    better. That is known from what is in memory, so most epochs cost neither a look at the curve nor Optuna's time.
    """
    if pruning.algorithm == "none":
        return False
    options = pruning.options
    if history.completed < options["startup_trials"] or epoch < options["warmup_epochs"]:
        return False
    if best is None:
        return True
    if history.reported_at(epoch) < options["min_trials"]:
        return False
    rivals = _middle(history.values_at(epoch))
    return any(history.spec.objective.better(rival, than=best) for rival in rivals)


def judge(
    pruning: Pruning, history: History, number: int, curve: Sequence[float | None]
) -> Judgement | None:
    """Whether the trial with this curve (first objective, one value an epoch) should end here; None: go on."""
    objective = history.spec.objective
    finite = [value for value in curve if value is not None]
    best = (max if objective.direction is Direction.MAXIMIZE else min)(finite, default=None)
    epoch = len(curve) - 1
    if not may_prune(pruning, history, epoch, best):
        return None
    options = pruning.options
    rivals = _middle(history.values_at(epoch))
    shown = [_rival(history, index, value, epoch) for index, value in enumerate(rivals)]
    if not shown:  # that trials are completed counts, even if none has come as far as this epoch
        shown = [_rival(history, 0, None, epoch)]
    current = history.frozen(Past(number, TrialState.RUNNING, {}, curve=curve))
    pruner = MedianPruner(
        n_startup_trials=0,  # these two are counted above, over all completed trials
        n_min_trials=1,
        n_warmup_steps=options["warmup_epochs"],
        interval_steps=options["interval_epochs"],
    )
    study = Snapshot(directions([objective]), [*shown, current], current, {}).study(pruner=pruner)
    verdict: bool = pruner.prune(study, current)
    if not verdict:
        return None
    if best is None or not rivals:
        return Judgement(f"{objective.metric} is not a number at epoch {epoch}")
    median = (rivals[(len(rivals) - 1) // 2] + rivals[len(rivals) // 2]) / 2
    return Judgement(
        f"best {objective.metric} {best:.4g} by epoch {epoch}, median of "
        f"{len(history.values_at(epoch))} trials at that epoch {median:.4g}"
    )


def _rival(history: History, index: int, value: float | None, epoch: int) -> FrozenTrial:
    """A completed trial of which only the value at one epoch is shown."""
    curve = [*[None] * epoch, value]
    return history.frozen(Past(-1 - index, TrialState.COMPLETED, {}, values=[0.0], curve=curve))


def _middle(ascending: Sequence[float]) -> Sequence[float]:
    """The middle one or two values. As many are left out below as above, so their median is the median of all.

    Optuna's rule asks for nothing but the median, so its verdict is the same and costs the same at 100 trials and at
    10,000.
    """
    drop = max(0, (len(ascending) - 1) // 2)
    return ascending[drop : len(ascending) - drop]
