"""How candidates are trained: Keras's own callback arguments, each of whose numbers may be searched.

Argument names, defaults and meanings are those of ``keras.callbacks.EarlyStopping`` and
``keras.callbacks.ReduceLROnPlateau`` (Keras 3).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tuner_service.domain.space import Parameter, Type, Value

PREFIX = "training."
INTEGERS = frozenset(
    {"epochs", "batch_size", "patience", "start_from_epoch", "cooldown", "verbose"}
)


def searched(training: Mapping[str, Any], prefix: str = PREFIX) -> Iterator[Parameter]:
    """The settings that are ranges or choices, as parameters named ``training.…``."""
    for name, setting in training.items():
        path = f"{prefix}{name}"
        if not isinstance(setting, Mapping):
            continue
        if "choices" in setting:
            yield Parameter(path, Type.CHOICE, choices=tuple(setting["choices"]))
        elif "min" in setting:
            kind = Type.INT if name in INTEGERS else Type.FLOAT
            yield Parameter(
                path,
                kind,
                setting["min"],
                setting["max"],
                setting.get("step"),
                setting.get("log", False),
            )
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
            result[name] = values[path]
        else:
            result[name] = resolved(setting, values, f"{path}.")
    return result
