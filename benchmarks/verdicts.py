"""What a verdict that ends a trial costs, after 100 trials and after 10,000, beside Optuna's rule over the same trials.

Both have every trial in memory: 30 epochs each, eight trials running. Prints a table in milliseconds, medians.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)
from optuna.trial import TrialState as OptunaState

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, judge

EPOCHS, RUNNING, ROUNDS = 30, 8, 41
BAD = 2.0
COMPARED = {"startup_trials": 5, "warmup_epochs": 0, "interval_epochs": 1, "min_trials": 1}
RUNGS = {"min_epochs": 1, "max_epochs": EPOCHS, "reduction_factor": 3}
RULES: dict[str, tuple[dict[str, Any], BasePruner]] = {
    "median": (COMPARED, MedianPruner()),
    "percentile": ({**COMPARED, "percentile": 25.0}, PercentilePruner(25.0)),
    "successive_halving": (RUNGS, SuccessiveHalvingPruner(1, 3)),
    "hyperband": (RUNGS, HyperbandPruner(1, EPOCHS, 3)),
}


def median_ms(verdict: Callable[[], bool]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ended = verdict()
        taken.append((time.perf_counter() - began) * 1000)
        assert ended
    return statistics.median(taken)


def measured(rule: str, trials: int) -> tuple[float, float]:
    """Ours and Optuna's, in milliseconds."""
    options, pruner = RULES[rule]
    drawn = random.Random(trials)
    curves = [[drawn.random() for _ in range(EPOCHS)] for _ in range(trials)]
    study = optuna.create_study(pruner=pruner, study_name="snapshot")
    spec = {
        "name": "s",
        "executor": "external",
        "search_space": {"parameters": []},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "random", "seed": 7},
        "pruning": {"algorithm": rule, **options},
    }
    history = History(Spec.from_json(spec), Space(()))
    for number, curve in enumerate(curves):
        history.add(Past(number, TrialState.COMPLETED, {}, [curve[-1]], curve), number + 1)
        bracket = history.rungs.bracket(number) if options is RUNGS else 0
        rungs = (
            history.rungs.rung(bracket, e) if options is RUNGS else None for e in range(EPOCHS)
        )
        notes = {f"completed_rung_{r}": curve[e] for e, r in enumerate(rungs) if r is not None}
        first = 1 if options is RUNGS else 0
        study.add_trial(
            optuna.trial.create_trial(
                state=OptunaState.COMPLETE,
                value=curve[-1],
                intermediate_values=dict(enumerate(curve, start=first)),
                system_attrs=notes,
            )
        )
    running = {trials + n: drawn.random() for n in range(RUNNING)}
    asked = study.ask()
    number = asked.number
    length = 1 if options is not RUNGS else 3 ** history.rungs.bracket(number)
    for epoch in range(length):
        asked.report(BAD, epoch + (1 if options is RUNGS else 0))
    frozen = study.get_trials(deepcopy=False)[-1]
    curve = [BAD] * length

    def optunas() -> bool:
        for key in [key for key in frozen.system_attrs if key.startswith("completed_rung")]:
            del frozen.system_attrs[key]
        return pruner.prune(study, frozen)

    ours = median_ms(
        lambda: judge(history.spec.pruning, history, number, curve, running) is not None
    )
    return ours, median_ms(optunas)


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print("| rule | ours, 100 | ours, 10,000 | Optuna, 100 | Optuna, 10,000 |")
    print("|---|---|---|---|---|")
    for rule in RULES:
        (few, few_optuna), (many, many_optuna) = measured(rule, 100), measured(rule, 10_000)
        print(f"| {rule} | {few:.2f} | {many:.2f} | {few_optuna:.2f} | {many_optuna:.2f} |")


if __name__ == "__main__":
    main()
