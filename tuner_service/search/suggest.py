"""The next candidate of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, Trial

from tuner_service.domain.space import Space, Value
from tuner_service.domain.study import Search
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.samplers import NEEDS_NO_HISTORY, is_whole, sampler
from tuner_service.search.snapshot import Snapshot, directions

GRID_MOST = 1_000_000
"""A grid is not counted beyond this many candidates."""


@dataclass(frozen=True)
class Suggestion:
    """A candidate, and what the sampler noted down beside it. ``repeated``: a grid has no other one left."""

    parameters: dict[str, Value]
    notes: dict[str, Any]
    repeated: bool = False


def suggest(
    search: Search,
    budget: int,
    history: History,
    number: int,
    running: Sequence[Past],
    fixed: Mapping[str, Value],
) -> Suggestion:
    """The candidate for trial ``number``, given the ended and the running trials.

    ``fixed`` are parameters that the user chose; the others are searched. Raises EngineMissing.
    """
    space = history.distributions.space
    shown: list[FrozenTrial] = []
    if search.algorithm not in NEEDS_NO_HISTORY:
        shown = sorted([*history.ended, *map(history.frozen, running)], key=lambda t: t.number)
    current = history.frozen(Past(number, TrialState.RUNNING, {}))
    current.system_attrs["fixed_params"] = dict(fixed)
    snapshot = Snapshot(
        directions(history.spec.objectives), [*shown, current], current, history.notes
    )
    trial = snapshot.trial(sampler(search, budget, number, history))
    # What is without effect now has its values too, to be inherited and to come back into use.
    whole = is_whole(search)
    genome: dict[str, Value] = {}
    parameters: dict[str, Value] = {}
    for parameter in space.parameters:
        exists = space.exists(parameter, parameters)
        if not exists and not whole:
            continue
        value = _suggested(trial, parameter.name, history.distributions.by_name[parameter.name])
        genome[parameter.name] = value
        if exists:
            parameters[parameter.name] = value
    repeated = search.algorithm == "grid" and (
        history.has_tried(parameters) or any(past.parameters == parameters for past in running)
    )
    notes: dict[str, Any] = {}
    if noted := {k: v for k, v in snapshot.trial_notes.items() if _worth_keeping(k)}:
        notes["trial"] = noted
    if snapshot.study_notes:
        notes["study"] = snapshot.study_notes
    if whole and len(genome) > len(parameters):
        notes["genome"] = {k: v for k, v in genome.items() if k not in parameters}
    return Suggestion(parameters, notes, repeated)


def grid_size(space: Space) -> int | None:
    """How many candidates a grid has; None if a parameter is continuous. Not counted beyond GRID_MOST."""
    if space.continuous():
        return None
    return sum(1 for _ in islice(space.candidates(), GRID_MOST))


def _worth_keeping(key: str) -> bool:
    # TPE repeats the parameters for other processes to see; ours see them anyway.
    return "relative_params" not in key


def _suggested(trial: Trial, name: str, among: BaseDistribution) -> Value:
    match among:
        case IntDistribution():
            return trial.suggest_int(name, among.low, among.high, step=among.step, log=among.log)
        case FloatDistribution():
            return trial.suggest_float(name, among.low, among.high, step=among.step, log=among.log)
        case CategoricalDistribution():
            choice = trial.suggest_categorical(name, among.choices)
            assert choice is not None, "no parameter has a choice without a value"
            return choice
    raise TypeError(f"no such distribution: {among!r}")
