"""Optuna's samplers with their defaults, asked and told."""

import warnings
from collections.abc import Callable, Sequence

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import Trial

from benchmarks.search.clock import Asked
from benchmarks.search.problem import Problem
from tuner_service.domain.parameter import Value
from tuner_service.search.distributions import distribution

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class Optunas:
    """A study in memory; each parameter is suggested where it exists, as in an objective of Optuna's."""

    def __init__(self, problem: Problem, sampler: BaseSampler) -> None:
        self._space = problem.space
        self._among = {p.name: distribution(p) for p in self._space.parameters}
        self._study = optuna.create_study(sampler=sampler)
        self._trials: dict[int, Trial] = {}

    def ask(self) -> Asked:
        trial = self._study.ask()
        self._trials[trial.number] = trial
        chosen: dict[str, Value] = {}
        for parameter in self._space.parameters:
            if self._space.exists(parameter, chosen):
                chosen[parameter.name] = self._suggested(trial, parameter.name)
        return Asked(trial.number, chosen)

    def goes_on(self, asked: Asked, curve: Sequence[float]) -> bool:
        return True

    def tell(self, asked: Asked, curve: Sequence[float]) -> None:
        self._study.tell(self._trials.pop(asked.number), min(curve))

    def _suggested(self, trial: Trial, name: str) -> Value:
        match self._among[name]:
            case IntDistribution() as d:
                return trial.suggest_int(name, d.low, d.high, step=d.step, log=d.log)
            case FloatDistribution() as d:
                return trial.suggest_float(name, d.low, d.high, step=d.step, log=d.log)
            case CategoricalDistribution() as d:
                chosen = trial.suggest_categorical(name, d.choices)
                assert chosen is not None, "no parameter has a choice without a value"
                return chosen
        raise TypeError(name)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
}
