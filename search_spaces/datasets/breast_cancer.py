"""Breast cancer diagnosis: 569 biopsies of 30 measurements (UCI Wisconsin, from scikit-learn's own files)."""

import numpy as np
from sklearn.datasets import load_breast_cancer

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.standardise import standardised
from search_spaces.signature import Field, Signature

SEED = 2021


def load() -> Dataset:
    raw = load_breast_cancer()
    rows = split.stratified(raw.target, SEED)
    features = standardised(raw.data, fitted_on=rows.train).astype(np.float32)
    whole = Part({"features": features}, {"label": raw.target.astype(np.int32)})
    return Dataset(
        name="breast_cancer",
        summary="Malignant (0) or benign (1) from 30 standardised measurements of 569 biopsies.",
        source="scikit-learn load_breast_cancer (UCI breast cancer Wisconsin, diagnostic)",
        signature=Signature(
            inputs=(Field("features", "vector", (30,), "float32"),),
            outputs=(Field("label", "class", (), "int32", classes=2),),
        ),
        train=whole.at(rows.train),
        validation=whole.at(rows.validation),
        test=whole.at(rows.test),
    )
