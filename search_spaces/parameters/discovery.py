"""A hypermodel's parameters as data, with the conditions under which each exists."""

import random
from typing import Any

import keras
from keras_tuner.engine import hyperparameters as kinds

from search_spaces.errors import TangledCondition
from search_spaces.parameters.conditions import When, contradiction, infer
from search_spaces.parameters.exploration import Exploration

BUILDS = 300
"""More than that and a worker would be minutes late; SpaceTooDeep says so instead."""

SPOT_CHECKS = 6
"""Random builds that must bear out what single toggles have shown; they find conditions on two values at once."""


def discover(hypermodel: Any) -> list[dict[str, Any]]:
    """Every parameter that ``hypermodel.build(hp)`` can ask for, parents first.

    Each is ``{"name", "type": "int"|"float"|"choice"|"bool"|"fixed", "min", "max", "step", "log", "choices", "value",
    "default", "when": [{"parameter", "values"}]}``, a field only where its type has it; all of ``when`` must hold.
    Builds the model some dozen times and leaves no Keras state behind. Raises Undiscoverable.
    """
    exploration = Exploration(hypermodel, limit=BUILDS)
    try:
        exploration.explore()
        found = infer(exploration)
        rng = random.Random(0)
        for _ in range(SPOT_CHECKS if found else 0):
            built = exploration.spot_check(rng)
            if built is not None and contradiction(found, built):
                for name in built:
                    exploration.toggle(name, built)
                exploration.explore()
                found = infer(exploration)
    finally:
        keras.utils.clear_session()
    for built in exploration.builds:
        if tangled := contradiction(found, built):
            raise TangledCondition(tangled, built)
    return [to_json(exploration.parameters[name], when) for name, when in found.items()]


def to_json(parameter: Any, when: When) -> dict[str, Any]:
    """One KerasTuner parameter as data."""
    data: dict[str, Any] = {"name": parameter.name}
    match parameter:
        case kinds.Fixed():
            data |= {"type": "fixed", "value": parameter.value}
        case kinds.Boolean():
            data |= {"type": "bool", "default": parameter.default}
        case kinds.Choice():
            data |= {"type": "choice", "choices": list(parameter.values)}
            data |= {"default": parameter.default}
        case kinds.Int():
            data |= _number(parameter, "int", int)
        case kinds.Float():
            data |= _number(parameter, "float", float)
    if when:
        data["when"] = [
            {"parameter": name, "values": list(values)} for name, values in when.items()
        ]
    return data


def _number(parameter: Any, kind: str, number: type[int] | type[float]) -> dict[str, Any]:
    default = number(parameter.default)
    if parameter.sampling == "log" and parameter.step is not None:
        # KerasTuner multiplies by such a step; what is left is a handful of values.
        choices = [number(value) for value in parameter.values]
        data: dict[str, Any] = {"type": "choice", "choices": choices}
        return {**data, "default": default} if default in choices else data
    low, high = number(parameter.min_value), number(parameter.max_value)
    data = {"type": kind, "min": low, "max": high, "log": parameter.sampling == "log"}
    linear_step = parameter.step if parameter.sampling == "linear" else None
    if linear_step is not None and not (kind == "int" and linear_step == 1):
        data["step"] = number(linear_step)
    steps = (default - low) / linear_step if linear_step else 0.0
    if low <= default <= high and abs(steps - round(steps)) < 1e-6:
        data["default"] = default
    return data
