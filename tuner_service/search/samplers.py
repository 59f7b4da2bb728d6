"""Which of the algorithms, with which options, suggests a trial."""

from importlib.util import find_spec
from math import isqrt

from optuna.samplers import (
    BaseSampler,
    GPSampler,
    NSGAIISampler,
    RandomSampler,
)
from optuna.samplers.nsgaii import PolynomialMutation

from tuner_service.domain.space import Space
from tuner_service.domain.study import Search
from tuner_service.errors import EngineMissing
from tuner_service.search.genetic import Breeding, GeneticSampler
from tuner_service.search.history import History
from tuner_service.search.quasi_random import QuasiRandomSampler
from tuner_service.search.tpe import TpeSampler

STARTUP_TRIALS = 10
"""So many random trials come before a model of them, where the user says nothing."""
GENERATION = 10
"""Individuals in a generation, of studies that were opened before it was written down with them."""


def needs_history(search: Search, space: Space) -> bool:
    """Whether suggestions depend on other trials: to learn from them, or not to repeat one."""
    return search.algorithm not in ("random", "quasi_random") or space.may_repeat()


def is_whole(search: Search, objectives: int) -> bool:
    """Whether it learns from all parameters together, also from those whose conditions are not met."""
    if search.algorithm in ("genetic", "cmaes"):
        return True
    return needs_torch(search.options.get("engine"), objectives)


def has_engine(engine: str | None, objectives: int) -> bool:
    """Whether what the engine needs towards so many objectives is installed here."""
    return not needs_torch(engine, objectives) or find_spec("torch") is not None


def needs_torch(engine: str | None, objectives: int) -> bool:
    """Our own Gaussian process has one objective; of several it is Optuna's."""
    return engine == "gp" and objectives > 1


def sampler(search: Search, seed: int, history: History) -> BaseSampler:
    """What suggests a trial, with a seed for this one alone. Raises EngineMissing."""
    engine, objectives = search.options.get("engine"), len(history.spec.objectives)
    if not has_engine(engine, objectives):
        raise EngineMissing
    match search.algorithm:
        case "random":
            return RandomSampler(seed=seed)
        case "quasi_random":
            return _quasi_random(search, history)
        case "genetic" if objectives > 1:
            return NSGAIISampler(
                population_size=search.options.get("population", GENERATION),
                crossover_prob=search.options.get("crossover_rate", 0.9),
                mutation=PolynomialMutation(),
                mutation_prob=search.options.get("mutation_rate"),
                seed=seed,
            )
        case "genetic":
            return GeneticSampler(Breeding(**search.options), _quasi_random(search, history), seed)
        case "cmaes":
            # Half a second of imports, which a server without such a study need not spend.
            from tuner_service.search.cmaes import CmaEsSampler

            space = history.distributions.by_name
            return CmaEsSampler(seed, search.options.get("population"), space)
        case "grid":
            # Whatever was tried is drawn anew, and at last all candidates are gone through: see ``suggest``.
            return RandomSampler(seed=seed)
        case "bayesian" if needs_torch(engine, objectives):
            return GPSampler(
                n_startup_trials=search.options.get("startup_trials", STARTUP_TRIALS), seed=seed
            )
        case "bayesian" if engine == "gp":
            # Half a second of imports, which a server without such a study need not spend.
            from tuner_service.search.gaussian_process import GaussianProcessSampler

            startup = search.options.get("startup_trials")
            return GaussianProcessSampler(
                _quasi_random(search, history), seed, startup, history.distributions.space
            )
        case _:
            startup_trials = search.options.get("startup_trials", STARTUP_TRIALS)
            return TpeSampler(history.reader, startup_trials, seed)


def population(budget: int) -> int:
    """Individuals in a generation: small budgets need several generations more than a large one."""
    return min(50, max(4, isqrt(budget)))


def _quasi_random(search: Search, history: History) -> QuasiRandomSampler:
    return QuasiRandomSampler(search.seed, history.distributions.by_name)
