"""A model that was trained on a table or on texts, used on new rows: what the trainer leaves as ``inputs.json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import polars as pl

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files.description import Limits
from search_spaces.datasets.files.tables import fitted, from_csv, from_parquet, from_rows, prepared
from search_spaces.datasets.files.tables.content import Table, listed
from search_spaces.datasets.files.tables.fitted import Fitted
from search_spaces.errors import BadFile
from search_spaces.signature import Field, Signature

FORMAT = 1
"""Of the JSON; another number is another shape, which an older version cannot read."""

READERS = {".csv": from_csv.read, ".parquet": from_parquet.read}

Row = Mapping[str, object]


@dataclass(frozen=True)
class Inputs:
    """How rows as their user has them become what a model takes, and what it says becomes names again.

    ``columns``: what the training part made of each that is used. ``targets``: a column for each output.
    ``reads``: rows of a table, or texts, as class folders of texts have them.
    """

    signature: Signature
    columns: tuple[Fitted, ...]
    targets: tuple[str, ...]
    reads: Literal["table", "texts"] = "table"

    @classmethod
    def load(cls, path: Path | str) -> "Inputs":
        """From an ``inputs.json``. Raises BadFile for another version's, or what is none."""
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(f"is no inputs.json: {error!r}", str(path)) from error

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Inputs":
        """Raises BadFile for another version's, KeyError for what is none."""
        if data["format"] != FORMAT:
            raise BadFile(
                f"inputs.json is of format {data['format']}, this version reads {FORMAT}; "
                "use the version of tuner-service that trained the model"
            )
        return cls(
            signature=Signature.from_json(data),
            columns=tuple(fitted.from_json(column) for column in data["columns"]),
            targets=tuple(data["targets"]),
            reads=data["reads"],
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "reads": self.reads,
            **self.signature.to_json(),
            "targets": list(self.targets),
            "columns": [column.to_json() for column in self.columns],
        }

    def features(self, rows: Path | str | Sequence[Row] | Sequence[str]) -> Any:
        """What ``model.predict`` takes: an array, or where the model has several inputs, arrays by their names.

        ``rows``: a ``.csv`` or ``.parquet`` file, or a list of dictionaries; a list of texts where the model was
        trained on class folders of texts. Missing values and unseen categories become what they do in training;
        columns that the model does not use, the targets among them, may be there or not. Needs TensorFlow. Raises
        BadFile.
        """
        made = prepared.arrays(self.signature.inputs, self.columns, self._values(rows))
        return made if len(made) > 1 else next(iter(made.values()))

    def names(self, predictions: Any) -> dict[str, list[Any]]:
        """Of what ``model.predict`` gave, by target: for each row the class's name, or the number in its own units.

        A class is the likeliest one; of two that a model has one output for, the second above one half.
        """
        outputs = self.signature.outputs
        if len(outputs) == 1 and not isinstance(predictions, Mapping | list | tuple):
            predictions = [predictions]
        given = (
            [predictions[field.name] for field in outputs]
            if isinstance(predictions, Mapping)
            else predictions
        )
        return {
            target: _named(field, np.asarray(array))
            for target, field, array in zip(self.targets, outputs, given, strict=True)
        }

    def _values(self, rows: Path | str | Sequence[Row] | Sequence[str]) -> dict[str, pl.Series]:
        if self.reads == "texts":
            if isinstance(rows, Path | str) or not all(isinstance(text, str) for text in rows):
                raise BadFile('the model takes texts, as a list: features(["…", "…"])')
            (column,) = self.columns
            return {column.column: pl.Series(column.column, list(rows), pl.String)}
        table = (
            _read(Path(rows))
            if isinstance(rows, Path | str)
            else from_rows.read(cast(Sequence[Row], rows))
        )
        if missing := [one.column for one in self.columns if one.column not in table.columns]:
            raise BadFile(
                f"there is no column {listed(missing)}, which the model needs; "
                f"columns: {listed(table.columns)}"
            )
        return {one.column: one.read(table) for one in self.columns}


def _read(path: Path) -> Table:
    if path.suffix.lower() not in READERS:
        raise BadFile("rows are read from a .csv or .parquet file", path.name)
    # One column is enough to predict from.
    return READERS[path.suffix.lower()](path, Limits(), 1)


def _named(field: Field, predicted: Array) -> list[Any]:
    """``predicted``: (rows, 1) or (rows,) numbers; (rows, classes) likelihoods, or of two classes the second's."""
    if field.kind == "number":
        return list(predicted.reshape(-1).tolist())
    if predicted.ndim == 2 and predicted.shape[1] == field.classes:
        chosen = predicted.argmax(axis=1)
    elif field.classes == 2 and predicted.size == len(predicted):
        chosen = (predicted.reshape(-1) > 0.5).astype(int)
    else:
        raise ValueError(
            f'predictions of "{field.name}" have shape {predicted.shape}, it has {field.classes} classes'
        )
    return [field.class_names[place] for place in chosen]
