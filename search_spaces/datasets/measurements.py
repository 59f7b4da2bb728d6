"""What scikit-learn's small data sets share: a table of measurements, standardised, and a label a row."""

from typing import Any

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.standardise import standardised
from search_spaces.signature import Signature, label, vector

SEED = 2021


def measured(
    raw: Any, name: str, summary: str, source: str, class_names: tuple[str, ...]
) -> Dataset:
    """``raw``: scikit-learn's ``data`` (n, columns) and ``target`` (n,), whose labels ``class_names`` are in order."""
    rows = split.stratified(raw.target, SEED)
    features = standardised(raw.data, fitted_on=rows.train).astype(np.float32)
    whole = Part({"features": features}, {"label": raw.target.astype(np.int32)})
    return Dataset(
        name=name,
        summary=summary,
        source=source,
        signature=Signature(
            inputs=(vector("features", features.shape[1]),),
            outputs=(label("label", len(class_names), class_names),),
        ),
        legend={"features": column_names(raw)},
        **rows.parts(whole),
    )


def column_names(raw: Any) -> tuple[str, ...]:
    """scikit-learn's ``feature_names``, without units: standardised, a length is not in centimetres any more."""
    return tuple(name.partition(" (")[0].replace("_", " ") for name in map(str, raw.feature_names))
