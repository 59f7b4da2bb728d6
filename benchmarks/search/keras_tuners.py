"""KerasTuner's oracles with their defaults; nothing is built or trained.

An oracle is asked and told as ``keras_tuner.Tuner`` does it, by several tuners at once where trials are in flight.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from keras_tuner import HyperParameters, Objective
from keras_tuner.engine.trial import TrialStatus
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle, RandomSearchOracle

from benchmarks.search.clock import Asked
from benchmarks.search.problem import Problem
from tuner_service.domain.parameter import Condition, Parameter, Type
from tuner_service.domain.space import Space

# KerasTuner asks a thread for its name the old way, with every call.
warnings.filterwarnings("ignore", "(currentThread|getName)", DeprecationWarning)
# Of the fit of its Gaussian process, with most calls.
warnings.filterwarnings("ignore", module="sklearn")
LOSS = "loss"
CONTROL = "tuner/"
"""Hyperband's own parameters begin so."""


class KerasTuners:
    def __init__(self, problem: Problem, oracle: Any) -> None:
        self._oracle = oracle
        # The state of the search is written with every call otherwise, which has nothing to do with where it goes.
        oracle.save = oracle._save_trial = lambda *_: None
        oracle.verbose = 0
        self._epochs = problem.epochs
        self._trials: dict[int, Any] = {}
        self._number = 0

    def ask(self) -> Asked | None:
        trial = self._oracle.create_trial(f"tuner{self._number}")
        if trial.status != TrialStatus.RUNNING:
            return None
        self._trials[self._number] = trial
        self._number += 1
        values = trial.hyperparameters.values
        candidate = {n: v for n, v in values.items() if not n.startswith(CONTROL)}
        begins, ends = values.get("tuner/initial_epoch", 0), values.get("tuner/epochs")
        return Asked(self._number - 1, candidate, begins, ends)

    def goes_on(self, asked: Asked, curve: Sequence[float]) -> bool:
        return True

    def tell(self, asked: Asked, curve: Sequence[float]) -> None:
        trial = self._trials.pop(asked.number)
        for epoch, loss in enumerate(curve[asked.begins :], start=asked.begins):
            self._oracle.update_trial(trial.trial_id, {LOSS: loss}, step=epoch)
        trial.status = TrialStatus.COMPLETED
        self._oracle.end_trial(trial)


def hyperparameters(space: Space) -> HyperParameters:
    """The space as KerasTuner has it: a condition is a scope, inside those of the parameter that it asks for."""
    hp = HyperParameters()
    for parameter in space.parameters:
        with ExitStack() as scopes:
            for condition in _scopes(space, parameter):
                scopes.enter_context(
                    hp.conditional_scope(condition.parameter, list(condition.values))
                )
            _declare(hp, parameter)
    return hp


def _scopes(space: Space, parameter: Parameter) -> Iterator[Condition]:
    """Its conditions and those of what they are about, the outermost first."""
    for condition in parameter.when:
        yield from _scopes(space, space.by_name[condition.parameter])
        yield condition


def _declare(hp: HyperParameters, parameter: Parameter) -> None:
    name, low, high = parameter.name, parameter.min, parameter.max
    sampling = "log" if parameter.log else "linear"
    match parameter.type:
        case Type.INT:
            hp.Int(name, low, high, step=parameter.step, sampling=sampling)
        case Type.FLOAT:
            hp.Float(name, low, high, step=parameter.step, sampling=sampling)
        case Type.BOOL:
            hp.Boolean(name)
        case _:
            hp.Choice(name, list(parameter.choices))


def _given(problem: Problem, seed: int) -> dict[str, Any]:
    # An oracle takes a seed of 0 for none.
    return {
        "objective": Objective(LOSS, "min"),
        "hyperparameters": hyperparameters(problem.space),
        "seed": seed + 1,
    }


ORACLES: dict[str, Callable[[Problem, int], Any]] = {
    "random": lambda p, seed: RandomSearchOracle(max_trials=math.inf, **_given(p, seed)),
    "bayesian": lambda p, seed: BayesianOptimizationOracle(max_trials=math.inf, **_given(p, seed)),
    "hyperband": lambda p, seed: HyperbandOracle(
        max_epochs=p.epochs, hyperband_iterations=None, **_given(p, seed)
    ),
}
