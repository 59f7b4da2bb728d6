"""The user's own tables, ``.csv`` and ``.parquet``: a target or more, and columns to predict it from.

A user may tell of a column, by its name, that it is ``number``, ``class`` (a category; a target's classes) or
``tokens`` (a text); of a target, ``number`` or ``class``.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.datasets.files import splits
from search_spaces.datasets.files.description import SEED, Description, Limits, Told
from search_spaces.datasets.files.prediction import Inputs
from search_spaces.datasets.files.tables import from_csv, from_parquet, inputs, prepared, target
from search_spaces.datasets.files.tables.content import Table, listed, too_large
from search_spaces.datasets.files.tables.inputs import Plan
from search_spaces.datasets.files.tables.names import VECTOR, field_names
from search_spaces.datasets.files.tables.preview import of_table
from search_spaces.datasets.files.tables.target import Target
from search_spaces.datasets.split import Split
from search_spaces.errors import BadFile
from search_spaces.signature import Field, Signature, tokens, vector

READERS = {"csv": from_csv.read, "parquet": from_parquet.read}
ITEM_BYTES = 4
"""Of a float32 or int32."""


@dataclass(frozen=True)
class Examined:
    """All that can be known of a table without Keras."""

    plan: Plan
    targets: tuple[Target, ...]
    parts: Split
    description: Description


def describe(path: Path, format: str, told: Told, limits: Limits) -> Description:
    """What the table in a file holds. Needs no Keras. Raises BadFile."""
    found = _examined(path, format, told, limits)
    preview = of_table(found.plan, found.targets, found.parts.train)
    return replace(found.description, preview=preview)


def load(path: Path, format: str, told: Told, limits: Limits, name: str) -> Dataset:
    """The table in a file as arrays. Raises BadFile, also where TensorFlow is missing."""
    examined = _examined(path, format, told, limits)
    plan, signature = examined.plan, examined.description.signature
    columns = prepared.fitted(plan, examined.parts.train)
    whole = Part(
        prepared.arrays(signature.inputs, columns, plan.values),
        _named(signature.outputs, [target.values for target in examined.targets]),
    )
    return Dataset(
        name=name,
        summary=examined.description.summary,
        source=f"a table of the user's own (.{format})",
        signature=signature,
        train=whole.at(examined.parts.train),
        validation=whole.at(examined.parts.validation),
        test=whole.at(examined.parts.test),
        preparation=Inputs(
            signature, columns, tuple(one.column for one in examined.targets)
        ).to_json(),
    )


def _examined(path: Path, format: str, told: Told, limits: Limits) -> Examined:
    table = READERS[format](path, limits)
    if unknown := [name for name in told.kinds if name not in table.columns]:
        raise BadFile(
            f"there is no column {listed(unknown)} to be of the kind told; "
            f"columns: {listed(table.columns)}"
        )
    names, target_notes = target.chosen(table, told)
    table, targets, value_notes = _with_targets(table, names, told)
    classes = next((one.values for one in targets if one.class_names is not None), None)
    parts = splits.divided(classes, len(table), SEED)
    others = [name for name in table.columns if name not in names]
    if not others:
        raise BadFile(f"all columns are targets, {listed(names)}; none is left to predict from")
    plan = inputs.planned(table, others, parts.train, told)
    signature = _signature(plan, targets, parts.train)
    _check_size(signature, len(table), limits)
    description = Description(
        summary=_summary(table, plan, targets),
        signature=signature,
        sizes={
            "train": len(parts.train),
            "validation": len(parts.validation),
            "test": len(parts.test),
        },
        notes=(*table.notes, *target_notes, *value_notes, *plan.notes),
    )
    return Examined(plan, targets, parts, description)


def _with_targets(
    table: Table, names: tuple[str, ...], told: Told
) -> tuple[Table, tuple[Target, ...], tuple[str, ...]]:
    """The rows that have a value in every target, the targets, and notes."""
    found = [target.read(table, name, told) for name in names]
    notes = [note for _, of_kind in found for note in of_kind]
    known = np.logical_and.reduce([column.is_not_null().to_numpy() for column, _ in found])
    kept = int(known.sum())
    if kept < splits.FEWEST_ROWS:
        raise BadFile(
            f"has {kept} row{'' if kept == 1 else 's'} with a value in {_columns(names)}; "
            f"at least {splits.FEWEST_ROWS} are needed"
        )
    if dropped := len(table) - kept:
        notes.append(
            f"{dropped:,} of {len(table):,} rows dropped, which have no value in {_columns(names)}"
        )
    encoded = [target.encoded(column.filter(known)) for column, _ in found]
    notes += [note for _, of_values in encoded for note in of_values]
    return table.at(known), tuple(target for target, _ in encoded), tuple(notes)


def _signature(plan: Plan, targets: tuple[Target, ...], train: Array) -> Signature:
    if plan.is_text_only:
        names = field_names([text.column for text in plan.texts] + [one.column for one in targets])
        inputs = tuple(
            tokens(names[text.column], text.size.length, text.size.vocabulary)
            for text in plan.texts
        )
    else:
        names = field_names([target.column for target in targets], taken=[VECTOR])
        inputs = (vector(VECTOR, plan.width),)
    return Signature(inputs, tuple(one.field(names[one.column], train) for one in targets))


def _check_size(signature: Signature, rows: int, limits: Limits) -> None:
    items = sum(int(np.prod(field.shape)) for field in (*signature.inputs, *signature.outputs))
    if rows * items * ITEM_BYTES > limits.unpacked_bytes:
        raise too_large(limits.unpacked_bytes)


def _summary(table: Table, plan: Plan, targets: tuple[Target, ...]) -> str:
    aims = " and ".join(
        f'"{target.column}" '
        + ("(a number)" if target.class_names is None else f"({len(target.class_names)} classes)")
        for target in targets
    )
    counted = (
        (len(plan.numbers), "number", "numbers"),
        (len(plan.categories), "category", "categories"),
        (len(plan.texts), "text", "texts"),
    )
    basis = ", ".join(
        f"{count} {one if count == 1 else many}" for count, one, many in counted if count
    )
    return f"A table of {len(table):,} rows: {aims} from {basis}."


def _columns(names: tuple[str, ...]) -> str:
    return f"column{'' if len(names) == 1 else 's'} {listed(names)}"


def _named(fields: tuple[Field, ...], arrays: list[Array]) -> dict[str, Array]:
    return {field.name: array for field, array in zip(fields, arrays, strict=True)}
