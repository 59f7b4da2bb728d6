"""Finding what parameters a hypermodel has, by building it under one value after the other.

KerasTuner learns of a parameter when a build asks for it. Those in a ``conditional_scope`` are registered by any build;
those under a plain ``if``, or in a loop whose length is a parameter, only by a build that goes there. So each parameter
that has few values is given every one of them, in a build where it is active and the others stay as they are.

A hypermodel that is slow to build says ``declares_all_hyperparameters = True``: its ``declare_hyperparameters(hp)``
asks for everything that ``build(hp)`` would, under the same conditions, and is called in its place.
"""

import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from search_spaces.errors import BranchBroken, ConflictingRanges, SpaceTooDeep, ValueNotAllowed
from search_spaces.parameters.presets import Presets, Value, fitting

FEW = 8
"""An integer with more values is tried at its ends first, and at all of them only if that changes what exists."""

Built = Mapping[str, Value]
"""What was active in one build, with its value, in the order of registration."""


@dataclass
class Experiment:
    """Builds that differ in the value of ``parameter`` alone, by that value."""

    parameter: str
    builds: dict[Value, Built]

    @property
    def changes_what_exists(self) -> bool:
        return len({frozenset(built) for built in self.builds.values()}) > 1


class Hints(Presets):
    """Presets that give way: another branch may know the name with other values."""

    def chosen(self, hyperparameter: Any, value: Value) -> Value:
        try:
            return fitting(hyperparameter, value)
        except ValueNotAllowed:
            return hyperparameter.default  # type: ignore[no-any-return]  # KerasTuner has no types


Hints.__name__ = keras_tuner.HyperParameters.__name__  # what a user's own typo is told with


class Exploration:
    """What the builds of one hypermodel have shown so far. At most ``limit`` builds; SpaceTooDeep beyond."""

    def __init__(self, hypermodel: Any, limit: int) -> None:
        self.hypermodel = hypermodel
        self.limit = limit
        self.parameters: dict[str, Any] = {}
        self.order: list[str] = []
        self.builds: list[Built] = []
        self.experiments: list[Experiment] = []
        self.untoggled: deque[tuple[str, Built]] = deque()
        self._met: set[str] = set()
        self.mentioned: dict[str, list[Value]] = {}
        """Values that a ``conditional_scope`` names."""

    def build(self, values: Built, where: Built) -> Built:
        """Build with ``values``; ``where`` is what to blame if that raises. Raises BranchBroken."""
        if len(self.builds) >= self.limit:
            last = next(iter(where), self.order[-1] if self.order else "")
            raise SpaceTooDeep(len(self.builds), len(self.parameters), last)
        # Without a full garbage collection, which takes longer than the build.
        keras.utils.clear_session(free_memory=False)
        hp = Hints(values)
        try:
            self.hypermodel.declare_hyperparameters(hp)
            if not getattr(self.hypermodel, "declares_all_hyperparameters", False):
                self.hypermodel.build(hp)
        except Exception as error:  # a family is anybody's code
            raise BranchBroken(where, error) from error
        self._learn(hp.space)
        built = {p.name: hp.values[p.name] for p in hp.space if hp.is_active(p)}
        self.builds.append(built)
        self.untoggled.extend((name, built) for name in built if name not in self._met)
        self._met.update(built)
        return built

    def explore(self) -> None:
        """Toggle every parameter once, from the first build in which it is active."""
        if not self.builds:
            self.build({}, where={})
        while self.untoggled:
            while self.untoggled:
                self.toggle(*self.untoggled.popleft())
            self._toggle_mentioned()

    def toggle(self, name: str, base: Built) -> Experiment:
        """Build with the parameter's other values, the rest as in ``base``."""
        experiment = Experiment(name, {base[name]: base})
        self.experiments.append(experiment)
        parameter = self.parameters[name]
        every = values_of(parameter)
        wide = isinstance(parameter, kinds.Int) and len(every) > FEW
        first = (every[0], every[-1]) if wide else every
        self._extend(experiment, [*first, *self._allowed_mentions(name)])
        if experiment.changes_what_exists:
            self._extend(experiment, every)
        return experiment

    def spot_check(self, rng: random.Random) -> Built | None:
        """A build with everything at random; None where that raises, which is for a trial to report."""
        tried: dict[str, list[Value]] = {}
        for experiment in self.experiments:
            known = tried.setdefault(experiment.parameter, [])
            known += [value for value in experiment.builds if value not in known]
        values = {name: rng.choice(known) for name, known in tried.items()}
        try:
            return self.build(values, where=values)
        except BranchBroken:
            return None

    def _extend(self, experiment: Experiment, values: Iterable[Value]) -> None:
        name = experiment.parameter
        base = next(iter(experiment.builds.values()))
        for value in values:
            if value not in experiment.builds:
                experiment.builds[value] = self.build({**base, name: value}, where={name: value})

    def _toggle_mentioned(self) -> None:
        """A scope that was seen late may name values that its parent was not yet given."""
        for experiment in list(self.experiments):
            self._extend(experiment, self._allowed_mentions(experiment.parameter))
            if experiment.changes_what_exists:
                self._extend(experiment, values_of(self.parameters[experiment.parameter]))

    def _allowed_mentions(self, name: str) -> list[Value]:
        parameter = self.parameters[name]
        if isinstance(parameter, kinds.Float):
            low, high = parameter.min_value, parameter.max_value
            return [value for value in self.mentioned.get(name, []) if low <= value <= high]
        return [value for value in self.mentioned.get(name, []) if value in values_of(parameter)]

    def _learn(self, space: Sequence[Any]) -> None:
        before = -1
        for parameter in space:
            name = parameter.name
            for condition in parameter.conditions:
                named = self.mentioned.setdefault(condition.name, [])
                named += [value for value in condition.values if value not in named]
            known = self.parameters.setdefault(name, parameter)
            if _range(known) != _range(parameter):
                raise ConflictingRanges(name, repr(known), repr(parameter))
            if name not in self.order:
                self.order.insert(before + 1, name)
            before = self.order.index(name)


def values_of(parameter: Any) -> Sequence[Value]:
    """Every value in order; none where there is nothing to toggle."""
    match parameter:
        case kinds.Boolean():
            return (False, True)
        case kinds.Choice():
            return tuple(parameter.values)
        case kinds.Int() if parameter.sampling == "log" and parameter.step is not None:
            return tuple(int(value) for value in parameter.values)
        case kinds.Int():
            low, high, step = parameter.min_value, parameter.max_value, parameter.step
            return range(low, high + 1, step if parameter.sampling == "linear" else 1)
        case _:
            return ()


def _range(parameter: Any) -> dict[str, Any]:
    """What two declarations under one name must agree on."""
    apart = ("conditions", "default", "ordered")
    config = {key: value for key, value in parameter.get_config().items() if key not in apart}
    return {"type": type(parameter).__name__, **config}
