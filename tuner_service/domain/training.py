"""How candidates are trained: Keras's own callback arguments, each of whose numbers may be searched.

Argument names and meanings are those of ``keras.callbacks.EarlyStopping`` and
``keras.callbacks.ReduceLROnPlateau`` (Keras 3).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tuner_service.domain.parameter import Parameter, Type, Value

PREFIX = "training."
MAX_ATTEMPTS = 3
"""A trial that died so often, whatever it died of, is not handed out again unless the study says otherwise."""
INTEGERS = frozenset({"epochs", "batch_size", "patience", "start_from_epoch", "cooldown"})
TOO_MANY = 2**31
"""All integers are smaller."""
SMALLEST = {
    "epochs": 1,
    "batch_size": 1,
    "patience": 0,
    "start_from_epoch": 0,
    "cooldown": 0,
    "min_lr": 0,
}


def searched(training: Mapping[str, Any], prefix: str = PREFIX) -> Iterator[Parameter]:
    """The settings that are ranges or choices, as parameters named ``training.…``."""
    for name, setting in training.items():
        path = f"{prefix}{name}"
        if not isinstance(setting, Mapping):
            continue
        if "choices" in setting:
            choices = tuple(_as_taken(name, choice) for choice in setting["choices"])
            yield Parameter(path, Type.CHOICE, choices=choices)
        elif "min" in setting:
            kind = Type.INT if name in INTEGERS else Type.FLOAT
            low, high, step = (_as_taken(name, setting.get(end)) for end in ("min", "max", "step"))
            yield Parameter(path, kind, low, high, step, setting.get("log", False))
        else:
            yield from searched(setting, f"{path}.")


def resolved(
    training: Mapping[str, Any], values: Mapping[str, Value], prefix: str = PREFIX
) -> dict[str, Any]:
    """The settings of one candidate: every range replaced by the value that was chosen."""
    result: dict[str, Any] = {}
    for name, setting in training.items():
        path = f"{prefix}{name}"
        if not isinstance(setting, Mapping):
            result[name] = setting
        elif path in values:
            result[name] = _as_taken(name, values[path])
        else:
            result[name] = resolved(setting, values, f"{path}.")
    return result


def _as_taken(name: str, value: Any) -> Any:
    """64 for 64.0 where Keras takes integers alone: JSON does not tell the two apart."""
    if name in INTEGERS and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def defects(
    training: Mapping[str, Any], at: tuple[str, ...] = ("training",)
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a setting, or a value that a search could choose for it, is one that Keras cannot take, and why."""
    for name, setting in training.items():
        loc = (*at, name)
        if isinstance(setting, Mapping) and not setting.keys() & {"choices", "min"}:
            yield from defects(setting, loc)
            continue
        values = [setting]
        if isinstance(setting, Mapping):
            values = setting.get("choices") or [setting["min"], setting["max"]]
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name in INTEGERS and value != int(value):
                yield loc, f'"{name}" takes integers, got {value}'
            elif name in INTEGERS and value >= TOO_MANY:
                yield loc, f'"{name}" must be below {TOO_MANY}, got {value}'
            elif name in SMALLEST and value < SMALLEST[name]:
                yield loc, f'"{name}" must be at least {SMALLEST[name]}, got {value}'
            elif name == "factor" and not 0 < value < 1:
                yield loc, f'"factor" must be above 0 and below 1, got {value}'
