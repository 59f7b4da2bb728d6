"""A data set as a folder of arrays, which is memory-mapped: processes of one machine share its pages."""

import json
from pathlib import Path

import numpy as np

from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.signature import Field, Signature

DESCRIPTION = "dataset.json"
PREPARATION = "inputs.json"
PARTS = ("train", "validation", "test")


def save(dataset: Dataset, folder: Path) -> None:
    """Write the arrays to an empty folder, in C order."""
    for part in PARTS:
        for file, array in _files(folder, part, dataset.signature, getattr(dataset, part)):
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    about = {
        "name": dataset.name,
        "summary": dataset.summary,
        "source": dataset.source,
        **dataset.signature.to_json(),
    }
    (folder / DESCRIPTION).write_text(json.dumps(about), encoding="utf-8")
    if dataset.preparation is not None:
        (folder / PREPARATION).write_text(json.dumps(dataset.preparation), encoding="utf-8")


def open_stored(folder: Path) -> Dataset:
    """The data set that was saved to a folder; its arrays are read from the disk as they are used."""
    about = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    signature = Signature.from_json(about)
    train, validation, test = (_open_part(folder, part, signature) for part in PARTS)
    preparation = folder / PREPARATION
    return Dataset(
        name=about["name"],
        summary=about["summary"],
        source=about["source"],
        signature=signature,
        train=train,
        validation=validation,
        test=test,
        preparation=json.loads(preparation.read_text("utf-8")) if preparation.exists() else None,
    )


def _open_part(folder: Path, part: str, signature: Signature) -> Part:
    def read(side: str, fields: tuple[Field, ...]) -> dict[str, Array]:
        return {
            field.name: np.load(_file(folder, part, side, index), mmap_mode="r", allow_pickle=False)
            for index, field in enumerate(fields)
        }

    return Part(read("inputs", signature.inputs), read("outputs", signature.outputs))


def _files(folder: Path, part: str, signature: Signature, arrays: Part) -> list[tuple[Path, Array]]:
    return [
        (_file(folder, part, side, index), given[field.name])
        for side, fields, given in (
            ("inputs", signature.inputs, arrays.inputs),
            ("outputs", signature.outputs, arrays.outputs),
        )
        for index, field in enumerate(fields)
    ]


def _file(folder: Path, part: str, side: str, index: int) -> Path:
    # By number: a field's name may hold what a file's name may not.
    return folder / f"{part}-{side}-{index}.npy"
