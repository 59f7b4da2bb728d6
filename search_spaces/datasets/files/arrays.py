"""From named arrays to a data set: kinds inferred, parts completed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.datasets.files import inputs, memory, outputs
from search_spaces.datasets.files.description import SEED, Description, Limits, Told
from search_spaces.datasets.files.inputs import Input
from search_spaces.datasets.files.naming import Layout
from search_spaces.datasets.files.outputs import Output
from search_spaces.datasets.files.sources import SourceArray
from search_spaces.datasets.files.splits import PARTS, PartName, Rows, completed, notes_on
from search_spaces.datasets.files.summaries import sentence
from search_spaces.datasets.preview.of_arrays import Rows as Reading
from search_spaces.datasets.preview.of_arrays import of_arrays
from search_spaces.errors import BadFile
from search_spaces.signature import Signature


@dataclass(frozen=True)
class Plan:
    """What the arrays of a file become. The outputs are in memory, the inputs are not."""

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: Mapping[PartName, Rows]
    notes: tuple[str, ...]

    @property
    def signature(self) -> Signature:
        return Signature(
            inputs=tuple(given.field for given in self.inputs),
            outputs=tuple(given.field for given in self.outputs),
        )

    @property
    def sizes(self) -> dict[str, int]:
        return {part: len(self.rows[part].rows) for part in PARTS}

    @property
    def description(self) -> Description:
        examples = sum(self.sizes.values())
        return Description(
            sentence(self.signature, examples), self.signature, self.sizes, self.notes
        )

    def dataset(self, name: str, source: str) -> Dataset:
        parts = self.parts()
        return Dataset(
            name=name,
            summary=self.description.summary,
            source=source,
            signature=self.signature,
            train=parts["train"],
            validation=parts["validation"],
            test=parts["test"],
        )

    def preview(self) -> dict[str, Any]:
        """A look at the training part; of the file's own arrays, one is in memory at a time."""
        train = self.rows["train"]
        by_name = {given.field.name: given for given in self.inputs}

        def reading(name: str) -> Reading:
            given = by_name[name]
            raw = given.arrays[train.part].read()
            return lambda rows: given.values(raw[train.rows[rows]])

        return of_arrays(self.signature, reading, self._outputs("train"), {})

    def parts(self) -> dict[PartName, Part]:
        """The arrays; of the file's own, one is in memory at a time."""
        made: dict[PartName, dict[str, Array]] = {part: {} for part in PARTS}
        for given in self.inputs:
            for brought, array in given.arrays.items():
                raw = array.read()
                for part, rows in self.rows.items():
                    if rows.part == brought:
                        made[part][given.field.name] = given.values(raw[rows.rows])
        return {part: Part(made[part], self._outputs(part)) for part in PARTS}

    def _outputs(self, part: PartName) -> dict[str, Array]:
        rows = self.rows[part]
        return {given.field.name: given.values[rows.part][rows.rows] for given in self.outputs}


def planned(arrays: Mapping[str, SourceArray], layout: Layout, told: Told, limits: Limits) -> Plan:
    """Looks at all values. Raises BadFile."""
    by_field = {
        field: {part: arrays[name] for part, name in names.items()}
        for field, names in (*layout.inputs.items(), *layout.outputs.items())
    }
    if unknown := sorted(set(told.kinds) - set(by_field)):
        raise BadFile(
            f'kinds are told of "{unknown[0]}", which is not there; there are: {", ".join(by_field)}'
        )
    sizes = _sizes(by_field)
    memory.check(
        sum(math.prod(array.shape) for arrays in by_field.values() for array in arrays.values()),
        limits,
    )
    made_outputs = tuple(outputs.inferred(field, by_field[field], told) for field in layout.outputs)
    made_inputs = tuple(inputs.inferred(field, by_field[field], told) for field in layout.inputs)
    rows = completed(_stratified_by(made_outputs), sizes, SEED)
    made_outputs = tuple(given.scaled(rows["train"]) for given in made_outputs)
    notes = [note for given in made_inputs for note in given.notes]
    notes += [note for given in made_outputs for note in given.notes]
    notes += notes_on(sizes)
    if told.image_size is not None:
        notes.append("image_size: arrays keep their size")
    return Plan(made_inputs, made_outputs, rows, tuple(notes))


def _sizes(by_field: Mapping[str, Mapping[PartName, SourceArray]]) -> dict[PartName, int]:
    first = next(iter(by_field.values()))
    for arrays in by_field.values():
        for part, array in arrays.items():
            if array.shape[0] != first[part].shape[0]:
                raise BadFile(
                    f"has {array.shape[0]:,} examples, {first[part].name} has {first[part].shape[0]:,}",
                    array.name,
                )
    if first["train"].shape[0] == 1:
        raise BadFile("has a single example; more are needed to learn from", first["train"].name)
    return {part: array.shape[0] for part, array in first.items()}


def _stratified_by(made: tuple[Output, ...]) -> Mapping[PartName, Array | None]:
    classes = (given.values for given in made if given.field.kind == "class")
    return next(classes, {"train": None})
