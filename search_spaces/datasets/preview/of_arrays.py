"""The preview of named arrays."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from search_spaces.datasets.dataset import Array, Dataset
from search_spaces.datasets.preview import choosing, counting, shown
from search_spaces.datasets.preview.preview import preview, sample
from search_spaces.signature import Field, Signature

Json = dict[str, Any]
Rows = Callable[[Array], Array]
"""The examples of one input with these row numbers."""

COLUMNS_APART = 32
"""A vector of more is one histogram of all its values."""

COLUMNS_SHOWN = 10


def of_dataset(dataset: Dataset) -> Json:
    """A preview of the training part, its columns and tokens by the names that ``legend`` has for them."""
    train = dataset.train
    return of_arrays(
        dataset.signature,
        lambda name: train.inputs[name].__getitem__,
        train.outputs,
        dataset.legend,
    )


def of_arrays(
    signature: Signature,
    reading: Callable[[str], Rows],
    outputs: Mapping[str, Array],
    legend: Mapping[str, Sequence[str]],
) -> Json:
    """``reading`` an input once gives its examples, and lets go of them afterwards; ``outputs`` are (n,)."""
    rows = len(next(iter(outputs.values())))
    labels = next((outputs[f.name] for f in signature.outputs if f.kind == "class"), None)
    chosen = choosing.samples(labels, rows)
    inputs: list[Json] = [{} for _ in chosen]
    histograms: list[Json] = []
    for field in signature.inputs:
        read, names = reading(field.name), legend.get(field.name, ())
        for values, cells in zip(read(chosen), inputs, strict=True):
            cells |= _cells(field, values, names)
        if field.kind != "image":
            width = int(np.prod(field.shape))
            histograms += _spread(field, read(choosing.counted(rows, width)), names)
    numbers = [f for f in signature.outputs if f.kind == "number"]
    return preview(
        [
            sample(cells, _answers(signature, outputs, row))
            for cells, row in zip(inputs, chosen, strict=True)
        ],
        [counting.histogram(f.name, outputs[f.name]) for f in numbers] + histograms,
        [
            (shown.plain(f.name), counting.classes(outputs[f.name], f.classes or 0, f.class_names))
            for f in signature.outputs
            if f.kind == "class"
        ],
    )


def _cells(field: Field, values: Array, names: Sequence[str]) -> dict[str, shown.Shown]:
    """The cells that an input takes of a table of samples."""
    match field.kind:
        case "image":
            return {shown.plain(field.name): shown.picture(values)}
        case "tokens":
            return {shown.plain(field.name): shown.tokens(values, names)}
        case "vector" if names:
            return {
                shown.plain(name): shown.text(shown.number(float(value)))
                for name, value in zip(names[:COLUMNS_SHOWN], values, strict=False)
            }
        case _:
            return {shown.plain(field.name): shown.numbers(values)}


def _answers(signature: Signature, outputs: Mapping[str, Array], row: int) -> dict[str, str]:
    return {shown.plain(f.name): _answer(f, outputs[f.name][row]) for f in signature.outputs}


def _answer(field: Field, value: Any) -> str:
    if field.kind == "number":
        return shown.number(float(value))
    return shown.plain(field.class_names[int(value)] if field.class_names else str(int(value)))


def _spread(field: Field, values: Array, names: Sequence[str]) -> Iterator[Json]:
    if field.kind == "tokens":
        yield counting.histogram(field.name, np.count_nonzero(values, axis=1), "tokens")
    elif field.kind == "vector" and field.shape[0] <= COLUMNS_APART:
        for column in range(field.shape[0]):
            name = names[column] if names else f"{field.name} {column}"
            yield counting.histogram(name, values[:, column])
    else:
        yield counting.histogram(field.name, values.reshape(-1))
