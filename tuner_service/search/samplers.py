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
from tuner_service.search.importing import IMPORTING
from tuner_service.search.quasi_random import QuasiRandomSampler
from tuner_service.search.tpe import TpeSampler

STARTUP_TRIALS = 10
"""So many random trials come before a model of them, where the user says nothing."""
KRIGING_MOST = 300
"""What a Gaussian process costs grows with the cube of the trials: after so many, TPE goes on."""
GENERATION = 10
"""Individuals in a generation, of studies that were opened before it was written down with them."""


def needs_history(search: Search, space: Space) -> bool:
    """Whether suggestions depend on other trials: to learn from them, or not to repeat one."""
    return search.algorithm not in ("random", "quasi_random") or space.may_repeat()


def is_whole(search: Search) -> bool:
    """Whether it learns from all parameters together, also from those whose conditions are not met."""
    return search.algorithm in ("genetic", "cmaes") or search.options.get("engine") == "gp"


def has_engine(engine: str | None) -> bool:
    """Whether what the engine needs is installed here."""
    return engine != "gp" or find_spec("torch") is not None


def sampler(search: Search, seed: int, number: int, history: History) -> BaseSampler:
    """What suggests trial ``number``, with a seed for this one alone. Raises EngineMissing."""
    engine = search.options.get("engine")
    if not has_engine(engine):
        raise EngineMissing
    match search.algorithm:
        case "random":
            return RandomSampler(seed=seed)
        case "quasi_random":
            return _quasi_random(search, history)
        case "genetic" if len(history.spec.objectives) > 1:
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
            with IMPORTING:
                from tuner_service.search.cmaes import CmaEsSampler

            space = history.distributions.by_name
            return CmaEsSampler(seed, search.options.get("population"), space)
        case "grid":
            # Whatever was tried is drawn anew, and at last all candidates are gone through: see ``suggest``.
            return RandomSampler(seed=seed)
        case "bayesian" if engine == "gp":
            return GPSampler(
                n_startup_trials=search.options.get("startup_trials", STARTUP_TRIALS), seed=seed
            )
        case "bayesian" if engine == "kriging" and number < KRIGING_MOST:
            # Half a second of imports, which a server without such a study need not spend.
            with IMPORTING:
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
