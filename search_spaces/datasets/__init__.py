"""Data to train on, with named inputs and outputs, split the same way everywhere."""

from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.registry import load, names

__all__ = ["Dataset", "Part", "load", "names"]
