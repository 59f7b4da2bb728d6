"""Irises: 150 flowers of four measurements, of three species (Fisher, from scikit-learn's own files)."""

from sklearn.datasets import load_iris

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.measurements import measured


def load() -> Dataset:
    return measured(
        load_iris(),
        name="iris",
        summary="Which of three species an iris is of, by four standardised measurements of 150 flowers.",
        source="scikit-learn load_iris (UCI iris, Fisher 1936)",
        class_names=("setosa", "versicolor", "virginica"),
    )
