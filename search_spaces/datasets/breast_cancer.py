"""Breast cancer diagnosis: 569 biopsies of 30 measurements (UCI Wisconsin, from scikit-learn's own files)."""

from sklearn.datasets import load_breast_cancer

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.measurements import measured


def load() -> Dataset:
    return measured(
        load_breast_cancer(),
        name="breast_cancer",
        summary="Malignant (0) or benign (1) from 30 standardised measurements of 569 biopsies.",
        source="scikit-learn load_breast_cancer (UCI breast cancer Wisconsin, diagnostic)",
        class_names=("malignant", "benign"),
    )
