"""The metrics that a built-in family reports, known without building it. Imports no Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.signature import Field


def metrics(outputs: Sequence[Field | Mapping[str, Any]]) -> list[str]:
    """What every epoch of a model compiled by ``compiling.compiled`` reports, for data with these outputs; sorted.

    One output: ``loss`` and its metric. Several: ``loss``, and ``<name>_loss`` and ``<name>_<metric>`` of each. The
    metric is ``accuracy`` of a class and ``mae`` of a number. All of them again as ``val_…``, and ``learning_rate``.
    """
    fields = [f if isinstance(f, Field) else Field.from_json(f) for f in outputs]
    if len(fields) == 1:
        names = ["loss", _metric(fields[0])]
    else:
        names = ["loss"]
        for field in fields:
            names += [f"{field.name}_loss", f"{field.name}_{_metric(field)}"]
    return sorted([*names, *(f"val_{name}" for name in names), "learning_rate"])


def _metric(field: Field) -> str:
    return "accuracy" if field.kind == "class" else "mae"
