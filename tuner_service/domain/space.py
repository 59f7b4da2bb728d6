"""A search space: parameters in order, some of which exist only under the value of another."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from tuner_service.domain.parameter import Parameter, Type, Value, defects, same
from tuner_service.errors import Invalid, Problem, known

LISTED_MOST = 1_000_000
"""The candidates of a space are not gone through beyond so many."""


@dataclass(frozen=True)
class Space:
    """Parameters in the order in which they are chosen: a condition names only parameters before it."""

    parameters: tuple[Parameter, ...]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> "Space":
        return cls(tuple(Parameter.from_json(item) for item in data))

    def to_json(self) -> list[dict[str, Any]]:
        return [parameter.to_json() for parameter in self.parameters]

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def digest(self) -> str:
        """sha256 of the parameters in canonical JSON, hexadecimal."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def exists(self, parameter: Parameter, values: Mapping[str, Value]) -> bool:
        """Whether the parameter exists beside these values of the parameters before it."""
        return all(
            condition.parameter in values
            and any(same(values[condition.parameter], value) for value in condition.values)
            for condition in parameter.when
        )

    def defaults(self) -> dict[str, Value]:
        """The default candidate. What has no default takes its first value, as in KerasTuner."""
        chosen: dict[str, Value] = {}
        for parameter in self.parameters:
            if self.exists(parameter, chosen):
                chosen[parameter.name] = parameter.usual
        return chosen

    def _is_certain(self, parameter: Parameter) -> bool:
        """Whether every candidate has it, with one and the same value."""
        return parameter.type is Type.FIXED and all(
            self._is_certain(self.by_name[condition.parameter]) for condition in parameter.when
        )

    def fixed(self, values: Mapping[str, Value]) -> "Space":
        """The same space where these parameters, if they exist, have these values."""
        return Space(
            tuple(
                replace(p, type=Type.FIXED, value=values[p.name]) if p.name in values else p
                for p in self.parameters
            )
        )

    def candidates(self) -> Iterator[dict[str, Value]]:
        """Every candidate once, in order; the space must be enumerable (see ``continuous``)."""
        chosen: dict[str, Value] = {}

        def settle(parameter: Parameter) -> Iterator[bool]:
            """Give it one value after the other, if it exists."""
            if not self.exists(parameter, chosen):
                yield True
                return
            for value in parameter.values():
                chosen[parameter.name] = value
                yield True
            chosen.pop(parameter.name, None)

        # A stack of our own: a space may have more parameters than Python's is deep.
        settled: list[Iterator[bool]] = []
        while True:
            if len(settled) < len(self.parameters):
                settled.append(settle(self.parameters[len(settled)]))
            else:
                yield dict(chosen)
            while settled and not next(settled[-1], False):
                settled.pop()
            if not settled:
                return

    def continuous(self) -> list[str]:
        """The parameters whose values cannot be listed."""
        return [p.name for p in self.parameters if p.continuous]

    def size(self, most: int = LISTED_MOST) -> int | None:
        """How many candidates there are, counted up to ``most``; None if a parameter is continuous."""
        if self.continuous():
            return None
        if not any(parameter.when for parameter in self.parameters):
            return min(most, math.prod(parameter.count or 0 for parameter in self.parameters))
        return sum(1 for _ in islice(self.candidates(), most))

    def may_repeat(self) -> bool:
        """Whether chance may draw a candidate twice: unless a number that always exists is continuous."""
        return not any(p.continuous and not p.when and p.min != p.max for p in self.parameters)

    def validate(self, at: tuple[str | int, ...] = ()) -> None:
        """Refuse a space that makes no sense. Raises Invalid with every problem found."""
        problems: list[Problem] = []
        before: dict[str, Parameter] = {}
        for index, parameter in enumerate(self.parameters):
            loc = (*at, index)
            problems += [Problem((*loc, *field), msg) for field, msg in defects(parameter)]
            if parameter.name in before:
                problems.append(
                    Problem((*loc, "name"), f'parameter "{parameter.name}" stands twice')
                )
            for place, condition in enumerate(parameter.when):
                where = (*loc, "when", place)
                parent = before.get(condition.parameter)
                if parent is None:
                    msg = (
                        f'"{parameter.name}" depends on "{condition.parameter}", which is not a '
                        f"parameter before it; those are: {known(before)}"
                    )
                    problems.append(Problem((*where, "parameter"), msg))
                    continue
                problems += [
                    Problem(
                        (*where, "values"),
                        f'"{parameter.name}" depends on {json.dumps(value)} of '
                        f'"{parent.name}", which allows {parent.allowed()}',
                    )
                    for value in condition.values
                    if not parent.may_become(value)
                ]
            before[parameter.name] = parameter
        if problems:
            raise Invalid(problems, code="invalid_search_space")

    def check(self, values: Mapping[str, Any], at: tuple[str | int, ...] = ()) -> None:
        """Refuse values, complete or partial, that no candidate of the space has. Raises Invalid."""
        problems = [
            Problem((*at, name), f'unknown parameter "{name}"; known: {known(self.by_name)}')
            for name in values
            if name not in self.by_name
        ]
        for name, value in values.items():
            parameter = self.by_name.get(name)
            if parameter is None:
                continue
            if not parameter.contains(value):
                msg = f'parameter "{name}" got {json.dumps(value)}; allowed: {parameter.allowed()}'
                problems.append(Problem((*at, name), msg))
            problems += [
                Problem(
                    (*at, name),
                    f'parameter "{name}" exists only when "{condition.parameter}" is '
                    f"{' or '.join(json.dumps(v) for v in condition.values)}, "
                    f"got {json.dumps(values[condition.parameter])}",
                )
                for condition in parameter.when
                if condition.parameter in values
                and not any(same(values[condition.parameter], v) for v in condition.values)
            ]
            problems += [
                Problem(
                    (*at, name),
                    f'parameter "{name}" exists only under some values of "{condition.parameter}": give that too',
                )
                for condition in parameter.when
                if condition.parameter not in values
                and not self._is_certain(self.by_name[condition.parameter])
            ]
        if problems:
            raise Invalid(problems, code="invalid_parameters")
