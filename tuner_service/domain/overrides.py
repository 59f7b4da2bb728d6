"""A study's own view of a family's space: parameters narrowed, widened or fixed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tuner_service.domain.parameter import Condition, Defect, Parameter, Type, Value, defects, same
from tuner_service.domain.space import Space
from tuner_service.errors import Invalid, Problem, known


def overridden(
    space: Space, overrides: Mapping[str, Mapping[str, Any]], at: tuple[str | int, ...] = ()
) -> Space:
    """The space with some parameters narrowed, widened or fixed. Raises Invalid."""
    problems: list[Problem] = []
    changed: dict[str, Parameter] = {}
    for name, override in overrides.items():
        parameter = space.by_name.get(name)
        if parameter is None:
            msg = f'unknown parameter "{name}"; known: {known(space.by_name)}'
            problems.append(Problem((*at, name), msg))
            continue
        changed[name], found = _changed(parameter, override)
        problems += [Problem((*at, name, *field), msg) for field, msg in found]
    if problems:
        raise Invalid(problems, code="invalid_overrides")
    parameters = tuple(changed.get(p.name, p) for p in space.parameters)
    return Space(tuple(_with_reachable_conditions(parameters)))


def _changed(parameter: Parameter, override: Mapping[str, Any]) -> tuple[Parameter, list[Defect]]:
    """The parameter under an override, and what is wrong with that."""
    name = parameter.name
    numeric = parameter.type in (Type.INT, Type.FLOAT)
    if "value" in override:
        if len(override) > 1:
            return parameter, [((), f'override of "{name}": "value" stands alone')]
        return _fixed(parameter, override["value"])
    if "choices" in override:
        return _chosen(parameter, override)
    if not numeric:
        field = next(iter(override), "value")
        return parameter, [
            ((field,), f'parameter "{name}" is a {parameter.type}; override "choices" or "value"')
        ]
    result = replace(
        parameter,
        min=override.get("min", parameter.min),
        max=override.get("max", parameter.max),
        step=override.get("step", parameter.step),
        log=override.get("log", parameter.log),
        default=None,
    )
    wrong = list(defects(result))
    if not wrong and parameter.default is not None and result.contains(parameter.default):
        result = replace(result, default=parameter.default)
    return result, wrong


def _fixed(parameter: Parameter, value: Value) -> tuple[Parameter, list[Defect]]:
    fits = parameter.may_become(value)
    if parameter.type in (
        Type.INT,
        Type.FLOAT,
    ):  # outside of the range is fine, another type is not
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and (parameter.type is Type.FLOAT or value == int(value))
    if not fits:
        msg = (
            f'parameter "{parameter.name}" got {json.dumps(value)}; allowed: {parameter.allowed()}'
        )
        return parameter, [(("value",), msg)]
    value = _typed(parameter, value)
    return Parameter(parameter.name, Type.FIXED, value=value, when=parameter.when), []


def _typed(parameter: Parameter, value: Value) -> Value:
    """3.0 as 3, where whole numbers are wanted."""
    return int(value) if parameter.type is Type.INT else value


def _chosen(parameter: Parameter, override: Mapping[str, Any]) -> tuple[Parameter, list[Defect]]:
    name = parameter.name
    if len(override) > 1:
        return parameter, [((), f'override of "{name}": "choices" stands alone')]
    choices = tuple(override["choices"] or ())
    numeric = parameter.type in (Type.INT, Type.FLOAT)
    for choice in choices:
        _, wrong = _fixed(parameter, choice)
        if wrong if numeric else not parameter.may_become(choice):
            msg = f'parameter "{name}" got {json.dumps(choice)}; allowed: {parameter.allowed()}'
            return parameter, [(("choices",), msg)]
    choices = tuple(_typed(parameter, choice) for choice in choices)
    usual = parameter.value if parameter.default is None else parameter.default
    result = replace(
        Parameter(name, Type.CHOICE, choices=choices, when=parameter.when),
        default=usual if any(same(usual, choice) for choice in choices) else None,
    )
    return result, list(defects(result))


def _with_reachable_conditions(parameters: Iterable[Parameter]) -> Iterator[Parameter]:
    """Leave out what no candidate can have any more, and the conditions on values that are gone."""
    kept: dict[str, Parameter] = {}
    for parameter in parameters:
        conditions = []
        for condition in parameter.when:
            parent = kept.get(condition.parameter)
            values = tuple(v for v in condition.values if parent is not None and parent.contains(v))
            conditions.append(Condition(condition.parameter, values))
        if any(not condition.values for condition in conditions):
            continue
        result = replace(parameter, when=tuple(conditions))
        kept[result.name] = result
        yield result
