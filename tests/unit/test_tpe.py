"""TPE over columns suggests what Optuna's does over the same trials, whatever was read before."""

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner_service.search.columns import Reader
from tuner_service.search.parzen import FEW, ParzenEstimator
from tuner_service.search.snapshot import Snapshot
from tuner_service.search.tpe import TpeSampler

SPACE: dict[str, BaseDistribution] = {
    "x": FloatDistribution(-1.0, 1.0),
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "rate": FloatDistribution(0.0, 0.5, step=0.1),
    "depth": IntDistribution(1, 5),
    "width": IntDistribution(8, 512, log=True),
    "kind": CategoricalDistribution(["a", "b", "c"]),
    "flag": CategoricalDistribution([False, True]),
    "only_a": IntDistribution(1, 9, step=2),
    "only_b": FloatDistribution(0.0, 1.0),
    "constant": CategoricalDistribution([3]),
}
STATES = (TrialState.COMPLETE,) * 6 + (TrialState.PRUNED,) * 3 + (TrialState.FAIL,)
TOWARDS = {
    "minimize": [StudyDirection.MINIMIZE],
    "maximize": [StudyDirection.MAXIMIZE],
    "two objectives": [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE],
}
SIZES = [0, 9, 11, 30, 63, 64, 65, 66, 90, 150, 400]


def exists(name: str, parameters: dict[str, Any]) -> bool:
    return not name.startswith("only_") or name == f"only_{parameters['kind']}"


def candidate(rng: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in SPACE.items():
        if not exists(name, found):
            continue
        if isinstance(each, CategoricalDistribution):
            found[name] = rng.choice(each.choices)
        elif isinstance(each, IntDistribution):
            found[name] = rng.randrange(each.low, each.high + 1, each.step)
        else:
            assert isinstance(each, FloatDistribution)
            steps = round(rng.random() * 5)
            found[name] = (
                each.low + steps * each.step if each.step else rng.uniform(each.low, each.high)
            )
    return found


def trial_of(
    number: int,
    parameters: dict[str, Any],
    state: TrialState,
    values: list[float] | None = None,
    curve: Sequence[float] = (),
) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=None,
        values=values,
        datetime_start=None,
        datetime_complete=None,
        params=parameters,
        distributions={name: SPACE[name] for name in parameters},
        user_attrs={},
        system_attrs={},
        intermediate_values=dict(enumerate(curve)),
    )


def made(count: int, objectives: int, seed: int) -> list[FrozenTrial]:
    """Trials in all states, many of equal value, pruned ones that reported nothing, or no number; a few run."""
    rng = Random(seed)
    trials = []
    for number in range(count):
        state = rng.choice(STATES) if number < count - 4 else TrialState.RUNNING
        if objectives > 1 and state is TrialState.PRUNED:
            state = TrialState.COMPLETE  # Optuna's TPE takes no others there
        values = [round(rng.random(), 1) for _ in range(objectives)]
        curve = [rng.choice([0.3, rng.random(), np.nan]) for _ in range(rng.randrange(4))]
        completed = state is TrialState.COMPLETE
        trials.append(trial_of(number, candidate(rng), state, values if completed else None, curve))
    return trials


def asked(
    sampler: BaseSampler, trials: list[FrozenTrial], towards: list[StudyDirection]
) -> dict[str, Any]:
    current = trial_of(len(trials), {}, TrialState.RUNNING)
    trial = Snapshot(towards, [*trials, current], current, {}).trial(sampler)
    found: dict[str, Any] = {}
    for name, each in SPACE.items():
        if exists(name, found):
            found[name] = trial._suggest(name, each)
    return found


def optunas(seed: int) -> TPESampler:
    return TPESampler(multivariate=True, group=True, constant_liar=True, seed=seed)


@pytest.mark.parametrize("towards", TOWARDS.values(), ids=TOWARDS)
@pytest.mark.parametrize("count", SIZES)
def test_suggests_what_optunas_tpe_does(count: int, towards: list[StudyDirection]) -> None:
    trials = made(count, len(towards), seed=count)
    reader = Reader(SPACE)
    for seed in range(6):
        ours = asked(TpeSampler(reader, 10, seed), trials, towards)
        assert ours == asked(optunas(seed), trials, towards)


def test_what_was_read_before_changes_nothing() -> None:
    """Trials end one after another and out of order; then an older state of the study is asked about again."""
    towards = TOWARDS["minimize"]
    ended = [t for t in made(150, 1, seed=1) if t.state is not TrialState.RUNNING]
    reader = Reader(SPACE)
    states = []
    for count in [*range(0, len(ended), 13), len(ended)]:
        # The oldest of every three runs until the two after it have ended.
        shown = [
            trial_of(t.number, t.params, TrialState.RUNNING)
            if t.number % 3 == 0 and t.number > count - 3
            else t
            for t in ended[:count]
        ]
        states.append((shown, asked(TpeSampler(reader, 10, 5), shown, towards)))
    for shown, answer in states[::-1]:
        assert asked(TpeSampler(reader, 10, 5), shown, towards) == answer
        assert asked(TpeSampler(Reader(SPACE), 10, 5), shown, towards) == answer
    assert len({str(answer) for _, answer in states}) > len(states) / 2


@pytest.mark.parametrize("name", SPACE)
@pytest.mark.parametrize("count", [FEW - 1, FEW, 100, 3000])
def test_the_density_is_optunas_but_for_rounding(name: str, count: int) -> None:
    rng = Random(count)
    distribution = SPACE[name]
    parameters = [candidate(rng) for _ in range(count * 4)]
    seen = [distribution.to_internal_repr(p[name]) for p in parameters if name in p][:count]
    points = np.unique(seen)[:: max(1, len(set(seen)) // 40)]
    if isinstance(distribution, FloatDistribution) and distribution.step is None:
        ends = [distribution.low, distribution.high]
        just_outside = np.nextafter(ends, [-np.inf, np.inf])
        points = np.concatenate([points, ends, just_outside, [distribution.high * 1.1]])
    rules = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    made_of = ({name: np.array(seen)}, {name: distribution}, rules)
    with np.errstate(invalid="ignore"):
        theirs = _ParzenEstimator(*made_of).log_pdf({name: points})
    ours = ParzenEstimator(*made_of).log_pdf({name: points})
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
