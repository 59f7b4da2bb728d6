"""Rows that a program holds: a dictionary each, by the names of the columns."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from search_spaces.datasets.files.tables.content import Table, checked
from search_spaces.datasets.files.tables.from_parquet import check_flat, simplified
from search_spaces.errors import BadFile


def read(rows: Sequence[Mapping[str, object]]) -> Table:
    """The table of these rows; what one of them lacks, or has as None, is missing. Raises BadFile."""
    if not rows:
        raise BadFile("there are no rows")
    try:
        raw = pl.DataFrame(list(rows), infer_schema_length=None, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise BadFile(f"rows are dictionaries of values by column: {error}") from error
    names = checked(raw.columns, fewest=1)
    check_flat(raw.schema)
    columns = [
        column.alias("raw").to_frame().select(simplified(column.dtype)).to_series().alias(name)
        for name, column in zip(names, raw, strict=True)
    ]
    return Table(pl.DataFrame(columns), np.arange(1, len(rows) + 1), "row")
