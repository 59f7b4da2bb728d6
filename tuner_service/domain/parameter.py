"""A parameter of a search space: its kind, its range, and under which values of others it exists."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

Value = int | float | str | bool
"""A parameter's value."""


MOST_STEPS = 1e9
"""A range has at most so many values."""
MOST_WHOLE = 2**53
"""Whole numbers beyond are not told apart by everybody who reads JSON."""


class Type(StrEnum):
    INT = "int"
    FLOAT = "float"
    CHOICE = "choice"
    BOOL = "bool"
    FIXED = "fixed"


@dataclass(frozen=True)
class Condition:
    """A parameter exists only while ``parameter`` has one of ``values``."""

    parameter: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Parameter:
    """One dimension of a space. ``min`` and ``max`` are inclusive; all of ``when`` must hold for it to exist.

    A fixed one may have ``choices``: an override may set it to any of them, or have them searched.
    """

    name: str
    type: Type
    min: float | None = None
    max: float | None = None
    step: float | None = None
    log: bool = False
    choices: tuple[Value, ...] = ()
    value: Value | None = None
    default: Value | None = None
    when: tuple[Condition, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Parameter":
        return cls(
            name=data["name"],
            type=Type(data["type"]),
            min=data.get("min"),
            max=data.get("max"),
            step=data.get("step"),
            log=bool(data.get("log")),
            choices=tuple(data.get("choices") or ()),
            value=data.get("value"),
            default=data.get("default"),
            when=tuple(
                Condition(c["parameter"], tuple(c["values"])) for c in data.get("when") or ()
            ),
        )

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"name": self.name, "type": self.type.value}
        if self.type in (Type.INT, Type.FLOAT):
            data |= {"min": self.min, "max": self.max}
            if self.step is not None:
                data["step"] = self.step
            data["log"] = self.log
        if self.type is Type.CHOICE or self.choices:
            data["choices"] = list(self.choices)
        if self.type is Type.FIXED:
            data["value"] = self.value
        elif self.default is not None:
            data["default"] = self.default
        if self.when:
            data["when"] = [{"parameter": c.parameter, "values": list(c.values)} for c in self.when]
        return data

    @property
    def continuous(self) -> bool:
        """Whether its values cannot be listed."""
        return self.type is Type.FLOAT and self.step is None

    def at(self, steps: int) -> float:
        """The value so many steps above the first, in decimals: three steps of 0.1 are 0.3."""
        value = Decimal(str(self.min)) + steps * Decimal(str(self.step))
        return int(value) if self.type is Type.INT else float(value)

    def nearest(self, value: float) -> float:
        """The value of a number with steps that this one stands for: 0.1 three times over is 0.30000000000000004."""
        if self.step is None:
            return value
        assert self.min is not None
        return self.at(round((value - self.min) / self.step))

    @property
    def count(self) -> int | None:
        """How many values it has; None if it is continuous."""
        match self.type:
            case Type.FIXED:
                return 1
            case Type.BOOL:
                return 2
            case Type.CHOICE:
                return len(self.choices)
            case Type.FLOAT if self.step is None:
                return None
            case _:
                return round((self.last - (self.min or 0)) / (self.step or 1)) + 1

    @property
    def last(self) -> float:
        """The largest value of a number: the last that its steps reach."""
        assert self.min is not None
        assert self.max is not None
        if self.step is None:
            return self.max
        return self.at(math.floor((self.max - self.min) / self.step + 1e-9))

    @property
    def usual(self) -> Value:
        """Its default, else its first value."""
        if self.default is not None:
            return self.default
        match self.type:
            case Type.INT:
                return int(self.min or 0)
            case Type.FLOAT:
                return float(self.min or 0.0)
            case _:
                return next(self.values())

    def values(self) -> Iterator[Value]:
        """Every value in order, one at a time: a range may be longer than memory; none of a continuous one."""
        match self.type:
            case Type.FIXED:
                yield from () if self.value is None else (self.value,)
            case Type.BOOL:
                yield from (False, True)
            case Type.CHOICE:
                yield from self.choices
            case Type.INT:
                yield from range(int(self.min or 0), int(self.last) + 1, int(self.step or 1))
            case Type.FLOAT if self.count is not None:
                yield from map(self.at, range(self.count))

    def contains(self, value: object) -> bool:
        match self.type:
            case Type.FIXED:
                return same(value, self.value)
            case Type.BOOL:
                return isinstance(value, bool)
            case Type.CHOICE:
                return any(same(value, choice) for choice in self.choices)
            case Type.INT:
                if not isinstance(value, int) or isinstance(value, bool):
                    return False
                assert self.min is not None
                assert self.max is not None
                return self.min <= value <= self.max and (value - self.min) % (self.step or 1) == 0
            case Type.FLOAT:
                if not isinstance(value, int | float) or isinstance(value, bool):
                    return False
                assert self.min is not None
                assert self.max is not None
                if not self.min <= value <= self.max:
                    return False
                steps = (value - self.min) / self.step if self.step else 0.0
                return abs(steps - round(steps)) < 1e-6

    def may_become(self, value: object) -> bool:
        """Whether it has this value, or an override may give it."""
        return self.contains(value) or any(same(value, choice) for choice in self.choices)

    def allowed(self) -> str:
        """What values there are, in words, for messages."""
        match self.type:
            case Type.FIXED if self.choices:
                return ", ".join(json.dumps(choice) for choice in self.choices)
            case Type.FIXED:
                return f"only {json.dumps(self.value)}"
            case Type.BOOL:
                return "true or false"
            case Type.CHOICE:
                return ", ".join(json.dumps(choice) for choice in self.choices)
            case _:
                kind = "an integer" if self.type is Type.INT else "a number"
                step = f" in steps of {self.step:g}" if self.step else ""
                return f"{kind} from {self.min:g} to {self.max:g}{step}"


def same(left: object, right: object) -> bool:
    """Equal as JSON values are: true is not 1, but 1 and 1.0 are the same number."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


Defect = tuple[tuple[str, ...], str]


def defects(parameter: Parameter) -> Iterator[Defect]:
    """What is wrong with a parameter by itself: the field, and a message."""
    name = parameter.name
    if strays := list(_strays(parameter)):
        yield from (
            ((field,), f'parameter "{name}" is of type {parameter.type} and has no "{field}"')
            for field in strays
        )
        return
    match parameter.type:
        case Type.INT | Type.FLOAT:
            if parameter.min is None or parameter.max is None:
                missing = "min" if parameter.min is None else "max"
                yield (missing,), f'parameter "{name}" needs "{missing}"'
                return
            if parameter.type is Type.INT:
                for field in ("min", "max", "step"):
                    got = getattr(parameter, field)
                    if got is not None and got != int(got):
                        yield (field,), f'parameter "{name}" is an int; "{field}" got {got}'
                        return
                    if got is not None and abs(got) > MOST_WHOLE:
                        yield (
                            (field,),
                            f'parameter "{name}" is an int; "{field}" got {got:g}; allowed: up to 2^53',
                        )
                        return
            if parameter.min > parameter.max:
                yield (
                    ("min",),
                    f'parameter "{name}" has min {parameter.min:g} above max {parameter.max:g}',
                )
                return
            if not math.isfinite(parameter.max - parameter.min):
                yield ("max",), f'parameter "{name}" has a range too wide to search'
                return
            if parameter.step is not None and parameter.step <= 0:
                yield ("step",), f'parameter "{name}" needs a step above 0, got {parameter.step:g}'
                return
            if parameter.step and (parameter.max - parameter.min) / parameter.step > MOST_STEPS:
                yield ("step",), f'parameter "{name}" has a step that is too small for its range'
                return
            if parameter.log and parameter.min <= 0:
                yield (
                    ("min",),
                    f'parameter "{name}" is on a log scale and needs min above 0, '
                    f"got {parameter.min:g}",
                )
            is_whole = parameter.type is Type.INT and parameter.step == 1
            if parameter.log and parameter.step is not None and not is_whole:
                yield ("step",), f'parameter "{name}" has a log scale and a step; give one of them'
        case Type.CHOICE:
            if not parameter.choices:
                yield ("choices",), f'parameter "{name}" needs at least one choice'
            elif len({(type(c) is bool, c) for c in parameter.choices}) < len(parameter.choices):
                yield ("choices",), f'parameter "{name}" has a choice twice'
        case Type.FIXED:
            if parameter.value is None:
                yield ("value",), f'parameter "{name}" is fixed and needs "value"'
            return
        case Type.BOOL:
            pass
    if parameter.default is not None and not parameter.contains(parameter.default):
        yield (
            ("default",),
            f'parameter "{name}" has the default {json.dumps(parameter.default)}; '
            f"allowed: {parameter.allowed()}",
        )


def _strays(parameter: Parameter) -> Iterator[str]:
    """The fields that its type has not."""
    if parameter.type not in (Type.INT, Type.FLOAT):
        for field in ("min", "max", "step"):
            if getattr(parameter, field) is not None:
                yield field
        if parameter.log:
            yield "log"
    if parameter.choices and parameter.type not in (Type.CHOICE, Type.FIXED):
        yield "choices"
    if parameter.value is not None and parameter.type is not Type.FIXED:
        yield "value"
