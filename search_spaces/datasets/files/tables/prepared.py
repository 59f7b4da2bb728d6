"""A table's columns as arrays, by Keras's own preprocessing layers fitted on the training part alone.

What was fitted is kept as plain numbers and words, of which the layers are made anew for any rows: a data set's, or
those that somebody has for a trained model. FeatureSpace and TextVectorization work on TensorFlow's strings, whatever
Keras's backend is.
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import texts
from search_spaces.datasets.files.tables.fitted import Categories, Fitted, Scaling, Words
from search_spaces.datasets.files.tables.inputs import MOST_CATEGORIES, Category, Number, Plan, Text
from search_spaces.errors import BadFile
from search_spaces.signature import Field

COLUMNS_AT_ONCE = 16
"""In one FeatureSpace: the time it takes to build one grows faster than their number."""

ROWS_AT_ONCE = 16_384


def fitted(plan: Plan, train: Array) -> tuple[Fitted, ...]:
    """What the rows ``train`` make of each column, in the plan's order. Raises BadFile if TensorFlow is missing."""
    _require_tensorflow()
    return (
        *(_scaling(number, train) for number in plan.numbers),
        *(_categories(category, train) for category in plan.categories),
        *(_words(text, train, plan.is_text_only) for text in plan.texts),
    )


def arrays(
    fields: Sequence[Field], columns: Sequence[Fitted], values: Mapping[str, pl.Series]
) -> dict[str, Array]:
    """(rows, *shape) of each input, of the values of each column. Raises BadFile if TensorFlow is missing.

    Texts alone are an input each, in the order of ``fields``; else the one field is of all columns.
    """
    _require_tensorflow()
    if fields[0].kind == "tokens":
        return {
            field.name: column.vocabulary.tokens(values[column.column].to_list())
            for field, column in zip(fields, columns, strict=True)
            if isinstance(column, Words)
        }
    (field,) = fields
    whole = _vector(columns, values)
    if whole.shape[1:] != field.shape:
        raise AssertionError(f"Keras makes {whole.shape[1]} features, {field.shape[0]} were told")
    return {field.name: whole}


def _scaling(number: Number, train: Array) -> Scaling:
    training = number.values[train].to_numpy()
    median = float(np.nanmedian(training))
    farthest = float(np.nanmax(np.abs(training - median)))
    exact = Scaling.comparable(training, median, farthest).astype(np.float64)
    return Scaling(number.column, median, farthest, float(exact.mean()), float(exact.var()))


def _categories(category: Category, train: Array) -> Categories:
    import tensorflow as tf
    from keras.layers import StringLookup

    with tf.device("CPU:0"):
        layer = StringLookup(max_tokens=MOST_CATEGORIES + 1)
        layer.adapt(_objects(category.values[train]))
    return Categories(category.column, tuple(map(str, layer.get_vocabulary()[1:])))


def _words(text: Text, train: Array, alone: bool) -> Words:
    size = text.size if alone else text.vector_size
    return Words(text.column, texts.learned(text.values[train].to_list(), size))


def _vector(columns: Sequence[Fitted], values: Mapping[str, pl.Series]) -> Array:
    """(rows, features) float32: of each column its features, in order."""
    encoded = [column for column in columns if not isinstance(column, Words)]
    parts = [
        _encoded(encoded[start : start + COLUMNS_AT_ONCE], values)
        for start in range(0, len(encoded), COLUMNS_AT_ONCE)
    ]
    parts += [
        _present(column.vocabulary, values[column.column])
        for column in columns
        if isinstance(column, Words)
    ]
    return np.concatenate(parts, axis=1)


def _encoded(columns: Sequence[Scaling | Categories], values: Mapping[str, pl.Series]) -> Array:
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
            case Scaling():
                data[name] = column.of(values[column.column].to_numpy())
                features[name] = _normalised(column)
            case Categories():
                data[name] = _objects(values[column.column])
                features[name] = _looked_up(column)
    # On the CPU, so that arrays are the same on every machine.
    with tf.device("CPU:0"):
        space = FeatureSpace(features)
        space.build_from_config({})  # As one that was saved: its layers are fitted already.
        rows = len(data[names[0]])
        return np.concatenate(
            [
                ops.convert_to_numpy(
                    space({name: data[name][start : start + ROWS_AT_ONCE] for name in names})
                )
                for start in range(0, rows, ROWS_AT_ONCE)
            ]
        )


def _normalised(scaling: Scaling) -> Any:
    from keras.layers import Normalization
    from keras.utils import FeatureSpace

    layer = Normalization(mean=[scaling.mean], variance=[scaling.variance])
    return FeatureSpace.feature(dtype="float32", preprocessor=layer, output_mode="float")


def _looked_up(categories: Categories) -> Any:
    """One-hot, the first place for what is unknown."""
    from keras.layers import StringLookup
    from keras.utils import FeatureSpace

    # Of Python's texts: NumPy's own are all as large as the longest.
    layer = StringLookup(vocabulary=np.array(categories.words, dtype=object))
    return FeatureSpace.feature(dtype="string", preprocessor=layer, output_mode="one_hot")


def _present(vocabulary: texts.Vocabulary, values: pl.Series) -> Array:
    """(rows, words + 1) float32: 1 for each word that a text has, the first column for unknown ones."""
    found = vocabulary.tokens(values.to_list())
    present = np.zeros((len(found), len(vocabulary.words) + texts.RESERVED), np.float32)
    present[np.arange(len(found))[:, np.newaxis], found] = 1.0
    return present[:, 1:]  # The first token is the padding.


def _objects(words: pl.Series) -> Array:
    return np.array(words.to_list(), dtype=object)


def _require_tensorflow() -> None:
    if find_spec("tensorflow") is None:
        raise BadFile(
            "a table's columns are prepared by Keras layers that need TensorFlow, whatever the backend; "
            "install tensorflow (or tensorflow-cpu)"
        )
