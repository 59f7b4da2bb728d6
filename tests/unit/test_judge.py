"""The verdict on an epoch: over what little of the history is shown, it is Optuna's own over all of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
)
from optuna.trial import TrialState as OptunaState

from tuner_service.domain.space import Space
from tuner_service.domain.study import Direction, Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, judge

Curve = list[float | None]
COMPARED = {"startup_trials": 2, "warmup_epochs": 1, "interval_epochs": 2, "min_trials": 2}
RANGE = {"lower": -1.0, "upper": 0.5, "warmup_epochs": 1, "interval_epochs": 2}
RUNGS = {"min_epochs": 1, "max_epochs": 9, "reduction_factor": 3}
EPOCHS = 8

values = st.one_of(st.none(), st.floats(-5, 5), st.sampled_from([0.0, 1.0]))
curves = st.lists(values, min_size=1, max_size=6)
directions = st.sampled_from(list(Direction))


def history_of(algorithm: str, direction: Direction, **options: Any) -> History:
    spec = {
        "name": "s",
        "executor": "external",
        "search_space": {"parameters": []},
        "objectives": [{"metric": "loss", "direction": direction}],
        "search": {"algorithm": "random", "seed": 7},
        "pruning": {"algorithm": algorithm, **options},
    }
    return History(Spec.from_json(spec), Space(()))


def reason(history: History, curve: Sequence[float | None], **given: Any) -> str | None:
    judgement = judge(history.spec.pruning, history, 99, curve, **given)
    return None if judgement is None else judgement.reason


def number(value: float | None) -> float:
    return float("nan") if value is None else value


def percentile(best: float) -> PercentilePruner:
    return PercentilePruner(best, 2, 1, 2, n_min_trials=2)


RULES: list[tuple[str, dict[str, Any], BasePruner]] = [
    ("median", COMPARED, percentile(50)),
    *[("percentile", {**COMPARED, "percentile": q}, percentile(q)) for q in (10.0, 25.0, 29.0, 80)],
    ("threshold", RANGE, ThresholdPruner(-1.0, 0.5, 1, 2)),
    (
        "patient",
        {**COMPARED, "patience": 1, "min_delta": 0.5, "wraps": "median"},
        PatientPruner(percentile(50), 1, 0.5),
    ),
    ("patient", {"patience": 2, "min_delta": 0.0, "wraps": "none"}, PatientPruner(None, 2, 0.0)),
    (
        "patient",
        {**RANGE, "patience": 0, "min_delta": 0.1, "wraps": "threshold"},
        PatientPruner(ThresholdPruner(-1.0, 0.5, 1, 2), 0, 0.1),
    ),
]


@pytest.mark.parametrize(("algorithm", "options", "pruner"), RULES)
@given(rivals=st.lists(curves, max_size=25), curve=curves, direction=directions)
@settings(max_examples=50, deadline=None)
def test_the_verdict_is_that_of_optunas_rule_over_all_trials(
    algorithm: str,
    options: dict[str, Any],
    pruner: BasePruner,
    rivals: list[Curve],
    curve: Curve,
    direction: Direction,
) -> None:
    history = history_of(algorithm, direction, **options)
    study = optuna.create_study(direction=direction.value, pruner=pruner)
    for index, rival in enumerate(rivals):
        history.add(Past(index, TrialState.COMPLETED, {}, [0.0], rival), index + 1)
        reported = {epoch: number(value) for epoch, value in enumerate(rival)}
        study.add_trial(optuna.trial.create_trial(value=0.0, intermediate_values=reported))
    trial = study.ask()
    for epoch, value in enumerate(curve):
        trial.report(number(value), epoch)
    assert (reason(history, curve) is not None) == trial.should_prune()


@pytest.mark.parametrize(
    ("algorithm", "min_epochs", "reduction", "pruner"),
    [
        ("successive_halving", 1, 2, SuccessiveHalvingPruner(1, 2)),
        ("successive_halving", 2, 3, SuccessiveHalvingPruner(2, 3)),
        ("hyperband", 1, 2, HyperbandPruner(1, 9, 2)),
        ("hyperband", 1, 3, HyperbandPruner(1, 9, 3)),
    ],
)
@given(
    all_curves=st.lists(
        st.lists(values, min_size=EPOCHS, max_size=EPOCHS), min_size=1, max_size=20
    ),
    turns=st.lists(st.integers(0, 19), max_size=120),
    direction=directions,
    restart_at=st.integers(0, 100),
)
@settings(max_examples=40, deadline=None)
def test_trials_that_train_at_once_compete_as_in_optuna(
    algorithm: str,
    min_epochs: int,
    reduction: int,
    pruner: BasePruner,
    all_curves: list[Curve],
    turns: list[int],
    direction: Direction,
    restart_at: int,
) -> None:
    """Optuna keeps notes of rungs; ours are read off the curves, also by a history that is built anew in between."""
    options = {"min_epochs": min_epochs, "max_epochs": 9, "reduction_factor": reduction}
    history = history_of(algorithm, direction, **options)
    # Which bracket a trial is of depends on the study's name, and ours has one for all of them.
    study = optuna.create_study(direction=direction.value, pruner=pruner, study_name="snapshot")
    trials = [study.ask() for _ in all_curves]
    told: dict[int, Curve] = {index: [] for index in range(len(trials))}
    ended: list[Past] = []
    for moment, turn in enumerate(turns):
        if moment == restart_at:
            history = history_of(algorithm, direction, **options)
            for past in ended:
                history.add(past, past.number + 1)
        index = turn % len(trials)
        if index not in told:
            continue
        epoch = len(told[index])
        value = all_curves[index][epoch]
        told[index].append(value)
        trials[index].report(number(value), epoch + 1)  # Optuna counts what was trained
        running = {other: curve[epoch] for other, curve in told.items() if len(curve) > epoch}
        verdict = judge(history.spec.pruning, history, index, told[index], running)
        assert (verdict is not None) == trials[index].should_prune()
        if verdict is not None or epoch + 1 == EPOCHS:
            state = TrialState.PRUNED if verdict else TrialState.FAILED
            ended.append(Past(index, state, {}, None, told.pop(index)))
            history.add(ended[-1], moment + 1)
            study.tell(trials[index], state=OptunaState.PRUNED if verdict else OptunaState.FAIL)


def test_a_trial_is_not_ended_with_its_last_epoch() -> None:
    history = history_of("successive_halving", Direction.MINIMIZE, **RUNGS)
    running = dict.fromkeys(range(5), 0.1)
    assert reason(history, [0.9] * 3, running=running) is not None
    assert reason(history, [0.9] * 9, running=running) is None


def test_a_trial_seen_running_and_ended_counts_once() -> None:
    history = history_of("successive_halving", Direction.MINIMIZE, **RUNGS)
    for index, loss in enumerate([0.1, 0.2, 0.9, 0.9, 0.9]):
        history.add(Past(index, TrialState.PRUNED, {}, None, [loss]), index + 1)
    assert reason(history, [0.3], running={0: 0.1, 1: 0.2, 99: 0.3}) is not None
    assert reason(history, [0.2], running={0: 0.1, 1: 0.2, 99: 0.2}) is None


REASONS: list[tuple[str, dict[str, Any], Curve, str]] = [
    ("median", COMPARED, [9, 8], "best loss 8 by epoch 1, median of 4 trials at that epoch 2.5"),
    (
        "percentile",
        {**COMPARED, "percentile": 25.0},
        [9, 8],
        "best loss 8 by epoch 1, limit of the best 25 % of 4 trials at that epoch 1.75",
    ),
    (
        "successive_halving",
        RUNGS,
        [3],
        "loss 3 at epoch 0, the best 1 of 5 trials at rung 0 reach 1",
    ),
    ("threshold", RANGE, [0, 0.75], "loss 0.75 is above 0.5 at epoch 1"),
    ("threshold", RANGE, [0, None], "loss is not a number at epoch 1"),
    (
        "patient",
        {"patience": 1, "min_delta": 0.0, "wraps": "none"},
        [1, 2, 2],
        "loss worse than before for 2 epochs at epoch 2",
    ),
    (
        "patient",
        {"patience": 1, "min_delta": 0.5, "wraps": "none"},
        [1, 2, 2],
        "loss worse than before by more than 0.5 for 2 epochs at epoch 2",
    ),
    (
        "patient",
        {**RANGE, "patience": 0, "min_delta": 0.0, "wraps": "threshold"},
        [0, 0.75],
        "loss 0.75 is above 0.5 at epoch 1; worse than before for 1 epoch",
    ),
]


@pytest.mark.parametrize(("algorithm", "options", "curve", "why"), REASONS)
def test_a_verdict_says_why_with_the_numbers(
    algorithm: str, options: dict[str, Any], curve: Curve, why: str
) -> None:
    history = history_of(algorithm, Direction.MINIMIZE, **options)
    for index, loss in enumerate([1.0, 2.0, 3.0, 4.0]):
        history.add(Past(index, TrialState.COMPLETED, {}, [loss], [loss] * 3), index + 1)
    assert reason(history, curve) == why


@pytest.mark.parametrize(
    ("curve", "min_delta", "ends"),
    [
        ([1.0] * 9, 0.0, False),
        ([1.0, 1.1, 1.0, 1.1], 0.0, False),
        ([1.0, 1.1, 1.1], 0.0, False),
        ([1.0, 1.1, 1.1, 1.1], 0.0, True),
        ([1.0, 1.1, 1.1, 1.1], 0.2, False),
    ],
)
def test_patience_ends_what_gets_worse_and_waits_out_a_plateau(
    curve: Curve, min_delta: float, ends: bool
) -> None:
    options = {"patience": 2, "min_delta": min_delta, "wraps": "none"}
    history = history_of("patient", Direction.MINIMIZE, **options)
    assert (reason(history, curve) is not None) == ends


def test_every_bracket_of_hyperband_is_used_and_says_which() -> None:
    history = history_of("hyperband", Direction.MINIMIZE, **{**RUNGS, "max_epochs": 27})
    brackets = [history.rungs.bracket(index) for index in range(100)]
    assert np.bincount(brackets).tolist() == sorted(np.bincount(brackets), reverse=True)
    assert set(brackets) == {0, 1, 2, 3}
    last = next(index for index, bracket in enumerate(brackets) if bracket == 3)
    assert judge(history.spec.pruning, history, last, [5.0] * 26) is None
    first = next(index for index, bracket in enumerate(brackets) if bracket == 0)
    running = {index: 1.0 for index, bracket in enumerate(brackets) if bracket == 0}
    judgement = judge(history.spec.pruning, history, first, [5.0], running)
    assert judgement is not None
    assert "rung 0 of bracket 0" in judgement.reason
