"""Data to train on, with named inputs and outputs, split the same way everywhere."""

from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.registry import FETCHED, describe, load, missing, names

__all__ = ["FETCHED", "Dataset", "Part", "describe", "load", "missing", "names"]
