"""Columns to mean 0 and standard deviation 1."""

import math

import numpy as np

from search_spaces.datasets.dataset import Array

DIGITS = 6


def standardised(table: Array, fitted_on: Array) -> Array:
    """``table`` (n, columns) by the statistics of the rows ``fitted_on`` alone; a constant column becomes 0."""
    columns = []
    for column in np.asarray(table, dtype=np.float64).T:
        mean, deviation = _moments(column[fitted_on])
        columns.append((column - mean) / (deviation or 1.0))
    return np.stack(columns, axis=1)


def scale(values: Array) -> tuple[float, float]:
    """Mean and standard deviation of (n,) numbers, to six digits; 1 for the deviation of constant ones."""
    mean, deviation = (float(f"{moment:.{DIGITS}g}") for moment in _moments(values))
    return mean, deviation or 1.0


def _moments(values: Array) -> tuple[float, float]:
    # Exactly rounded sums: NumPy's depend on the processor in the last digit, and a data set's hash on every digit.
    known = np.asarray(values, dtype=np.float64).tolist()
    mean = math.fsum(known) / len(known)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known))
