"""The Pareto front is what a comparison of every trial with every other one finds."""

from random import Random

import pytest

from tuner_service.domain.study import Direction, Objective
from tuner_service.domain.trial import Origin, Trial, TrialState
from tuner_service.service.views import pareto_front


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [2, 3])
def test_a_trial_is_on_the_front_unless_another_beats_it(seed: int, count: int) -> None:
    random = Random(seed)
    directions = (Direction.MINIMIZE, Direction.MAXIMIZE, Direction.MINIMIZE)
    objectives = [Objective(f"m{i}", directions[i]) for i in range(count)]
    trials = [
        _trial(number, {f"m{i}": float(random.randint(0, 6)) for i in range(count)})
        for number in range(60)
    ]
    front = pareto_front(objectives, trials)
    assert front == [t for t in trials if not any(_beats(o, t, objectives) for o in trials)]


def _beats(other: Trial, trial: Trial, objectives: list[Objective]) -> bool:
    mine, its = trial.values or {}, other.values or {}
    no_worse = all(
        mine[o.metric] == its[o.metric] or o.better(its[o.metric], than=mine[o.metric])
        for o in objectives
    )
    return no_worse and mine != its


def _trial(number: int, values: dict[str, float]) -> Trial:
    return Trial(
        id=number,
        study_id=1,
        number=number,
        state=TrialState.COMPLETED,
        origin=Origin.SEARCH,
        attempt=1,
        worker=None,
        holder=None,
        parameters={},
        values=values,
        value=values["m0"],
        best_epoch=None,
        epochs=0,
        model_parameters=None,
        lease_expires_at=None,
        started_at=0.0,
        finished_at=1.0,
        error=None,
        notes={},
        finish_digest=None,
        ended_revision=number,
        deaths=0,
        checkpoint=None,
        claimed_at=0.0,
        seconds_before=0.0,
    )
