"""What a table of trials can be sorted and filtered by: fields, parameters, values."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial
from tuner_service.errors import Invalid, Problem, known

Column = Callable[[Trial], Any]
"""What a trial has there; None where it has nothing."""

FIELDS = (
    "number",
    "state",
    "origin",
    "attempt",
    "worker",
    "value",
    "best_epoch",
    "epochs",
    "model_parameters",
    "started_at",
    "finished_at",
    "seconds",
    "error",
)
_CONDITION = re.compile(r"(.+?)(<=|>=|=)(.*)", re.DOTALL)
_RELATION = re.compile(r"\s*(<=|>=|=)(.*)", re.DOTALL)


def columns_of(study: Study) -> dict[str, Column]:
    """Every column by its name; a parameter's or a metric's own name is enough where no field is called so."""
    parameters = [parameter.name for parameter in study.space.parameters]
    metrics = [objective.metric for objective in study.spec.objectives]
    columns: dict[str, Column] = {}
    columns |= {name: _value(name) for name in metrics}
    columns |= {name: _parameter(name) for name in parameters}
    columns |= {name: attrgetter(name) for name in FIELDS}
    columns |= {f"values.{name}": _value(name) for name in metrics}
    columns |= {f"parameters.{name}": _parameter(name) for name in parameters}
    return columns


def _parameter(name: str) -> Column:
    return lambda trial: trial.parameters.get(name)


def _value(metric: str) -> Column:
    return lambda trial: None if trial.values is None else trial.values.get(metric)


def column(columns: Mapping[str, Column], name: str, at: str) -> Column:
    """Raises Invalid."""
    if name not in columns:
        msg = f'there is no column "{name}"; known: {known(columns)}'
        raise Invalid([Problem(("query", at), msg)])
    return columns[name]


def conditions(columns: Mapping[str, Column], texts: Sequence[str]) -> Callable[[Trial], bool]:
    """Whether a trial meets all of ``NAME<=0.1``, ``NAME>=0.1``, ``NAME=relu``; of several values for a name, any.

    Raises Invalid.
    """
    meets: list[Callable[[Trial], bool]] = []
    wanted: dict[str, list[str]] = {}
    for text in texts:
        name, relation, given = _parts(columns, text)
        if relation == "=":
            wanted.setdefault(name, []).append(given)
        else:
            meets.append(_within(columns[name], relation, given, text))
    meets += [_one_of(columns[name], values) for name, values in wanted.items()]
    return lambda trial: all(each(trial) for each in meets)


def _parts(columns: Mapping[str, Column], text: str) -> tuple[str, str, str]:
    """A condition's column, its relation, and what it is compared with. Raises Invalid."""
    # The longest first: a name may have another one in it, or a sign.
    for name in sorted(columns, key=len, reverse=True):
        rest = _RELATION.fullmatch(text[len(name) :]) if text.startswith(name) else None
        if rest is not None:
            return name, rest[1], rest[2].strip()
    parts = _CONDITION.fullmatch(text)
    if parts is None:
        msg = f'"{text}" is no condition; those are: NAME<=NUMBER, NAME>=NUMBER, NAME=VALUE'
        raise Invalid([Problem(("query", "where"), msg)])
    column(columns, parts[1].strip(), "where")
    return parts[1].strip(), parts[2], parts[3].strip()


def _within(of: Column, relation: str, given: str, text: str) -> Callable[[Trial], bool]:
    try:
        bound = float(given)
    except ValueError as error:
        msg = f'"{text}" compares with a number, got "{given}"'
        raise Invalid([Problem(("query", "where"), msg)]) from error
    if relation == "<=":
        return lambda trial: _is_number(of(trial)) and of(trial) <= bound
    return lambda trial: _is_number(of(trial)) and of(trial) >= bound


def _one_of(of: Column, values: Sequence[str]) -> Callable[[Trial], bool]:
    return lambda trial: any(_is(of(trial), value) for value in values)


def _is(value: Any, given: str) -> bool:
    """Whether a value is the one that is written here, as text or as JSON: ``relu``, ``0.10``, ``true``."""
    if value is None or isinstance(value, str):
        return value == given
    try:
        written = json.loads(given)
    except ValueError:
        return False
    return isinstance(value, bool) == isinstance(written, bool) and bool(value == written)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
