"""Diabetes: how far it has gone a year after ten measurements of 442 patients (from scikit-learn's own files)."""

import numpy as np
from sklearn.datasets import load_diabetes

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.measurements import column_names
from search_spaces.datasets.standardise import standardised
from search_spaces.signature import Signature, number, vector

SEED = 2021
SCORE_UNIT = 100
"""Scores are 25 to 346 points. In hundreds, a default learning rate reaches them and an error can still be read."""


def load() -> Dataset:
    raw = load_diabetes(scaled=False)
    rows = split.stratified(split.tenths(raw.target), SEED)
    features = standardised(raw.data, fitted_on=rows.train).astype(np.float32)
    progression = (raw.target / SCORE_UNIT).astype(np.float32)
    whole = Part({"features": features}, {"progression": progression})
    return Dataset(
        name="diabetes",
        summary="Progression of diabetes after a year, in hundreds of points (0.25 to 3.46), "
        "from ten standardised measurements of 442 patients.",
        source="scikit-learn load_diabetes (Efron, Hastie, Johnstone and Tibshirani 2004)",
        signature=Signature(
            inputs=(vector("features", features.shape[1]),), outputs=(number("progression"),)
        ),
        legend={"features": column_names(raw)},
        **rows.parts(whole),
    )
