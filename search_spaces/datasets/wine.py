"""Wines: 178 of 13 chemical measurements, from three growers (UCI, from scikit-learn's own files)."""

from sklearn.datasets import load_wine

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.measurements import measured


def load() -> Dataset:
    return measured(
        load_wine(),
        name="wine",
        summary="Which of three growers a wine is from, by 13 standardised chemical measurements of 178 wines.",
        source="scikit-learn load_wine (UCI wine recognition)",
        class_names=("class_0", "class_1", "class_2"),
    )
