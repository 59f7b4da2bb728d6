"""What a request says of the search, checked and complete."""

import secrets
from collections.abc import Iterator

from tuner_service import wire
from tuner_service.domain.parameter import Type
from tuner_service.domain.space import Space
from tuner_service.errors import EngineMissing, Invalid, Problem
from tuner_service.search import has_engine, pick, population
from tuner_service.service.views import Json

_OWNERS = {
    "population": ("genetic", "cmaes"),
    "startup_trials": ("auto", "bayesian", "genetic"),
    "crossover_rate": ("genetic",),
    "mutation_rate": ("genetic",),
    "tournament": ("genetic",),
    "engine": ("bayesian",),
}
TRIALS = 40
"""The budget where the user names none."""
_OF_ONE_OBJECTIVE = ("startup_trials", "tournament")
"""Options that ``genetic`` does not have with several objectives, where it goes by generations."""


def completed(request: wire.Search, space: Space, objectives: int, trials: int | None) -> Json:
    """The search with a seed and, for ``auto``, what was picked, if it can be made in this space. Raises Invalid.

    ``objectives`` and ``trials``: how many there are; None if the budget is to be the usual one.
    """
    search: Json = dict(request.model_dump(mode="json", exclude_none=True, exclude={"picked"}))
    if search.get("seed") is None:
        search["seed"] = secrets.randbelow(2**31)
    if trials is None:
        trials = TRIALS
    if search["algorithm"] == "genetic" and objectives > 1:
        search.setdefault("population", population(trials))
    problems = [
        *_misplaced_options(search, objectives),
        *_impossible(search, space, objectives),
    ]
    if problems:
        raise Invalid(problems)
    if search["algorithm"] == "auto":
        picked = pick(space, objectives, trials)
        options = {k: v for k, v in search.items() if picked.algorithm in _OWNERS.get(k, ())}
        search["picked"] = {
            "algorithm": picked.algorithm,
            **picked.options,
            **options,
            "why": picked.why,
        }
    return search


def _misplaced_options(search: Json, objectives: int) -> Iterator[Problem]:
    algorithm = search["algorithm"]
    for option, owners in _OWNERS.items():
        if option not in search:
            continue
        if algorithm not in owners:
            msg = f'"{option}" is an option of {" and ".join(owners)}, not of "{algorithm}"'
            yield Problem(("search", option), msg)
        elif algorithm == "genetic" and objectives > 1 and option in _OF_ONE_OBJECTIVE:
            msg = f'"{option}" is an option of genetic with one objective; got {objectives}'
            yield Problem(("search", option), msg)


def _impossible(search: Json, space: Space, objectives: int) -> Iterator[Problem]:
    algorithm = search["algorithm"]
    at = ("search", "algorithm")
    if algorithm == "grid":
        for name in space.continuous():
            msg = (
                f'a grid needs parameters that can be listed; "{name}" is continuous: '
                'give it "step", "choices" or "value" in the overrides'
            )
            yield Problem(at, msg)
    if search.get("engine") == "kriging" and objectives > 1:
        msg = f'the engine "kriging" takes one objective, got {objectives}; "tpe" and "gp" take several'
        yield Problem(("search", "engine"), msg)
    if not has_engine(search.get("engine")):
        yield Problem(("search", "engine"), EngineMissing().message)
    if algorithm == "cmaes":
        yield from (Problem(at, msg) for msg in _not_for_cmaes(space, objectives))


def _not_for_cmaes(space: Space, objectives: int) -> Iterator[str]:
    if objectives > 1:
        yield f"cmaes takes one objective, got {objectives}; genetic and bayesian take several"
    for parameter in space.parameters:
        if parameter.type in (Type.CHOICE, Type.BOOL):
            yield (
                f'cmaes searches numbers; "{parameter.name}" is a choice: '
                'give it "value" in the overrides, or search with genetic or bayesian'
            )
    if all(parameter.type is Type.FIXED for parameter in space.parameters):
        yield "cmaes searches numbers, and every parameter is fixed"
