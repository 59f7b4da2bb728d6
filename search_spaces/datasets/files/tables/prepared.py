"""A table's columns as arrays, by Keras's own preprocessing layers fitted on the training part alone.

FeatureSpace and TextVectorization work on TensorFlow's strings, whatever Keras's backend is.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import texts
from search_spaces.datasets.files.tables.inputs import (
    MOST_CATEGORIES,
    Category,
    Number,
    Plan,
    Text,
)
from search_spaces.errors import BadFile

COLUMNS_AT_ONCE = 16
"""In one FeatureSpace: the time it takes to adapt grows with the square of their number."""

ROWS_AT_ONCE = 16_384

FARTHEST = 1e6
"""From the median, in the largest distance of the training part: a bound on what other rows can hold."""


def tokens(text: Text, train: Array) -> Array:
    """(rows, text.size.length) int32. Raises BadFile if TensorFlow is missing."""
    _require_tensorflow()
    return texts.vectorised(text.values[train].to_list(), text.values.to_list(), text.size)


def vector(plan: Plan, train: Array) -> Array:
    """(rows, plan.width) float32: the numbers, the categories, the texts. Raises BadFile if TensorFlow is missing."""
    _require_tensorflow()
    columns: tuple[Number | Category, ...] = (*plan.numbers, *plan.categories)
    parts = [
        _encoded(columns[start : start + COLUMNS_AT_ONCE], train)
        for start in range(0, len(columns), COLUMNS_AT_ONCE)
    ]
    parts += [_words_present(text, train) for text in plan.texts]
    whole = np.concatenate(parts, axis=1)
    if whole.shape[1] != plan.width:
        raise AssertionError(f"Keras makes {whole.shape[1]} features, {plan.width} were told")
    return whole


def _encoded(columns: tuple[Number | Category, ...], train: Array) -> Array:
    """(rows, features) float32 of a few columns, in their order."""
    import tensorflow as tf
    from keras import ops
    from keras.utils import FeatureSpace

    # FeatureSpace sorts its features by name.
    names = [f"column_{position:02}" for position in range(len(columns))]
    data: dict[str, Array] = {}
    features: dict[str, Any] = {}
    for name, column in zip(names, columns, strict=True):
        match column:
            case Number():
                data[name] = _comparable(column, train)
                features[name] = _normalised(data[name][train])
            case Category():
                data[name] = np.array(column.values.to_list(), dtype=object)
                features[name] = FeatureSpace.string_categorical(max_tokens=MOST_CATEGORIES + 1)
    # On the CPU, so that arrays are the same on every machine.
    with tf.device("CPU:0"):
        space = FeatureSpace(features)
        space.adapt(tf.data.Dataset.from_tensors({name: data[name][train] for name in names}))
        rows = len(columns[0].values)
        return np.concatenate(
            [
                ops.convert_to_numpy(
                    space({name: data[name][start : start + ROWS_AT_ONCE] for name in names})
                )
                for start in range(0, rows, ROWS_AT_ONCE)
            ]
        )


def _comparable(number: Number, train: Array) -> Array:
    """(rows,) float32 between -1 and 1 in the training part, with the training part's median where missing.

    Keras's Normalization works in 32 bits and divides by no less than 1e-7: it would not see the seconds of a time
    stamp, nor anything of measurements around 1e-9. Of these numbers it makes what it would make of the raw ones.
    """
    values = number.values.to_numpy()
    median = np.nanmedian(values[train])
    distances = np.where(np.isnan(values), 0.0, values - median)
    with np.errstate(over="ignore"):  # Infinite, then cut off.
        scaled = np.clip(distances / np.abs(distances[train]).max(), -FARTHEST, FARTHEST)
    comparable: Array = scaled.astype(np.float32)
    return comparable


def _normalised(training: Array) -> Any:
    """The feature with the mean and variance of the training part; FeatureSpace would take minutes for 500 of them."""
    from keras.layers import Normalization
    from keras.utils import FeatureSpace

    exact = training.astype(np.float64)
    layer = Normalization(mean=[exact.mean()], variance=[exact.var()])
    return FeatureSpace.feature(dtype="float32", preprocessor=layer, output_mode="float")


def _words_present(text: Text, train: Array) -> Array:
    """(rows, text.vector_width) float32: 1 for each word that a text has, the first column for unknown ones."""
    found = texts.vectorised(text.values[train].to_list(), text.values.to_list(), text.vector_size)
    present = np.zeros((len(found), text.vector_size.vocabulary), np.float32)
    present[np.arange(len(found))[:, np.newaxis], found] = 1.0
    return present[:, 1:]  # The first token is the padding.


def _require_tensorflow() -> None:
    if find_spec("tensorflow") is None:
        raise BadFile(
            "a table's columns are prepared by Keras layers that need TensorFlow, whatever the backend; "
            "install tensorflow (or tensorflow-cpu)"
        )
