"""What is compared, by the names of the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from benchmarks.search.clock import Searcher
from benchmarks.search.optunas import SAMPLERS, Optunas
from benchmarks.search.ours import Ours, opened, searched
from benchmarks.search.problem import Problem
from tuner_service import wire
from tuner_service.domain.parameter import Type

BUDGETS = (25, 50, 100, 200)
MOST_TRIALS = BUDGETS[-1]
AT_ONCE = (1, 8)
"""Trials in flight."""
SLOW_TRIALS = 50
GP_TRIALS = 100
PRUNING_TRIALS = 100
"""Who ends trials early asks for five times as many."""


@dataclass(frozen=True)
class Algorithm:
    """``make``: a searcher for a problem, a budget and a seed."""

    name: str
    make: Callable[[Problem, int, int], Searcher]
    trials: int = MOST_TRIALS
    """It is followed so far; the slow ones not to the end."""
    takes: Callable[[Problem], bool] = lambda problem: True
    way: Callable[[Problem, int], object] = lambda problem, budget: None
    """What a budget changes. A run also shows the smaller budgets for which the way is the same."""
    twin: Callable[[Problem, int], str | None] = lambda problem, budget: None
    """Another one that is the very same here, so that its runs are these too."""
    at_once: tuple[int, ...] = AT_ONCE
    is_slow: bool = False
    """Whether it takes some tenths of a second to ask, so that it is not followed to the end."""
    needs: str | None = None
    """A package that may not be installed. Who needs one runs when asked for by name."""

    @property
    def is_missing(self) -> bool:
        return self.needs is not None and find_spec(self.needs) is None

    def run_for(self, problem: Problem, budget: int) -> int | None:
        """The budget of the run that shows this one; None if there is none."""
        if not self.takes(problem):
            return None
        way = self.way(problem, budget)
        return max(
            (b for b in BUDGETS if budget <= b <= self.trials and self.way(problem, b) == way),
            default=None,
        )

    def runs_as(self, problem: Problem, budget: int) -> str:
        """The name under which the run of this budget is kept."""
        return self.twin(problem, budget) or self.name


def _is_of_numbers(problem: Problem) -> bool:
    return all(p.type in (Type.INT, Type.FLOAT) for p in problem.space.parameters)


def _has_epochs(problem: Problem) -> bool:
    return problem.has_epochs


def _is_one_of(*names: str) -> Callable[[Problem], bool]:
    return lambda problem: problem.name in names


def _ours(name: str, pruning: str = "none", **more: Any) -> Algorithm:
    """A study by this algorithm; nothing but that is said, so that all options have their defaults."""
    asked = {"algorithm": name.partition("+")[0]}

    def make(problem: Problem, budget: int, seed: int) -> Searcher:
        search = wire.Search.model_validate({**asked, "seed": seed})
        rule = wire.Pruning.model_validate({"algorithm": pruning})
        return Ours(problem, opened(problem, budget, search, rule))

    def way(problem: Problem, budget: int) -> object:
        return searched(problem, budget, wire.Search.model_validate(asked))

    def twin(problem: Problem, budget: int) -> str | None:
        here = searched(problem, budget, wire.Search.model_validate(asked))
        plain = wire.Search.model_validate({"algorithm": here.algorithm})
        is_twin = name == "auto" and searched(problem, budget, plain) == here
        return here.algorithm if is_twin and here.algorithm in ALGORITHMS else None

    return Algorithm(name, make, way=way, twin=twin, **more)


def _optunas(sampler: str, **more: Any) -> Algorithm:
    return Algorithm(
        f"optuna-{sampler}",
        lambda problem, _, seed: Optunas(problem, SAMPLERS[sampler](seed)),
        **more,
    )


def _keras_tuners(oracle: str, **more: Any) -> Algorithm:
    def make(problem: Problem, budget: int, seed: int) -> Searcher:
        # Brings Keras along, which takes seconds.
        from benchmarks.search.keras_tuners import ORACLES, KerasTuners

        return KerasTuners(problem, ORACLES[oracle](problem, seed))

    return Algorithm(f"kerastuner-{oracle}", make, **more)


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        _ours("auto"),
        _ours("bayesian"),
        _ours("genetic"),
        _ours("cmaes", takes=_is_of_numbers),
        _ours("quasi_random"),
        _ours("random"),
        _ours("auto+median", "median", takes=_has_epochs, trials=PRUNING_TRIALS),
        _ours("auto+hyperband", "hyperband", takes=_has_epochs, trials=PRUNING_TRIALS),
        _optunas("tpe"),
        _optunas("nsga2"),
        _optunas("cmaes"),
        _keras_tuners("random"),
        _keras_tuners("hyperband", takes=_has_epochs),
        _optunas(
            "gp",
            is_slow=True,
            trials=GP_TRIALS,
            needs="torch",
        ),
        _keras_tuners(
            "bayesian",
            is_slow=True,
            trials=SLOW_TRIALS,
            takes=_is_one_of("hartmann6", "svc_digits"),
            at_once=(1,),
        ),
    )
}
