"""The parameters of a search space as rows of a table, conditional ones under the one they depend on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tuner_service.dashboard.formatting import value

Parameter = Mapping[str, Any]
Row = dict[str, Any]


def parameter_rows(parameters: Sequence[Parameter]) -> list[Row]:
    """A valid space's. ``depth``: below how many others; ``when``: conditions in words; ``place``: see ``_place``."""
    children: dict[str | None, list[Parameter]] = {}
    for parameter in parameters:
        conditions = parameter.get("when")
        parent = conditions[-1]["parameter"] if conditions else None
        children.setdefault(parent, []).append(parameter)

    def below(parent: str | None, depth: int) -> Iterator[Row]:
        for parameter in children.get(parent, ()):
            yield _row(parameter, depth)
            yield from below(parameter["name"], depth + 1)

    return list(below(None, 0))


def _row(parameter: Parameter, depth: int) -> Row:
    numeric = parameter["type"] in ("int", "float")
    default = parameter.get("value" if parameter["type"] == "fixed" else "default")
    choices = [False, True] if parameter["type"] == "bool" else parameter.get("choices") or []
    return {
        "name": parameter["name"],
        "type": parameter["type"],
        "depth": depth,
        "when": [
            f"{each['parameter']} is {' or '.join(value(it) for it in each['values'])}"
            for each in parameter.get("when") or ()
        ],
        "range": (value(parameter["min"]), value(parameter["max"])) if numeric else None,
        "choices": [(value(it), it == default and type(it) is type(default)) for it in choices],
        "step": value(parameter["step"]) if parameter.get("step") is not None else None,
        "log": bool(parameter.get("log")),
        "default": value(default) if default is not None else None,
        "place": _place(parameter, default) if numeric else None,
    }


def _place(parameter: Parameter, default: Any) -> float | None:
    """Where the default lies between ``min`` (0) and ``max`` (100), on the scale that is searched."""
    least, most = parameter["min"], parameter["max"]
    if default is None or least >= most:
        return None
    if parameter.get("log"):
        least, most, default = math.log(least), math.log(most), math.log(default)
    return round(100 * float((default - least) / (most - least)), 1)
