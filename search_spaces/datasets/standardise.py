"""Columns to mean 0 and standard deviation 1."""

import math

import numpy as np

from search_spaces.datasets.dataset import Array


def standardised(table: Array, fitted_on: Array) -> Array:
    """``table`` (n, columns) by the statistics of the rows ``fitted_on`` alone; a constant column becomes 0."""
    # Exactly rounded sums: NumPy's depend on the processor in the last digit, and a data set's hash on every digit.
    columns = []
    for column in np.asarray(table, dtype=np.float64).T:
        known = column[fitted_on].tolist()
        mean = math.fsum(known) / len(known)
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / len(known))
        columns.append((column - mean) / (deviation or 1.0))
    return np.stack(columns, axis=1)
