"""Files as users bring them, made for the tests."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from search_spaces.datasets import Dataset, files
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import BadFile, Description, Limits, Told

NOTHING_TOLD = Told()
LIMITS = Limits()


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def picture(
    seed: int = 0, size: tuple[int, int] = (8, 8), mode: str = "L", format: str = "PNG"
) -> bytes:
    """Noise. ``size``: (height, width)."""
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return encoded(Image.fromarray(noise).convert(mode), format)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def pictures(
    classes: Sequence[str] = ("cats", "dogs"), each: int = 5, around: str = ""
) -> dict[str, bytes]:
    return {
        f"{around}{name}/{number}.png": picture(number)
        for name in classes
        for number in range(each)
    }


def read(
    path: Path, told: Told = NOTHING_TOLD, limits: Limits = LIMITS
) -> tuple[Description, Dataset]:
    """Described and loaded, and both the same; the arrays are as the signature says."""
    format = path.suffix.removeprefix(".")
    description = files.describe(path, format, told, limits)
    dataset = files.load(path, format, told, limits, "mine")
    assert dataset.name == "mine"
    assert dataset.summary == description.summary
    assert dataset.signature == description.signature
    assert dataset.sizes == description.sizes
    for part in (dataset.train, dataset.validation, dataset.test):
        assert list(part.inputs) == [field.name for field in description.signature.inputs]
        assert list(part.outputs) == [field.name for field in description.signature.outputs]
        for field in (*description.signature.inputs, *description.signature.outputs):
            array = {**part.inputs, **part.outputs}[field.name]
            assert array.shape == (len(part), *field.shape)
            assert array.dtype == field.dtype
    return description, dataset


def refusal(path: Path, told: Told = NOTHING_TOLD, limits: Limits = LIMITS) -> str:
    """What the file is refused with, by description and by loading alike."""
    format = path.suffix.removeprefix(".")
    messages = set()
    for attempt in (
        lambda: files.describe(path, format, told, limits),
        lambda: files.load(path, format, told, limits, "mine"),
    ):
        try:
            attempt()
        except BadFile as error:
            messages.add(str(error))
    assert len(messages) == 1, f"refused with {messages}"
    return messages.pop()


def whole(dataset: Dataset, name: str) -> Array:
    """All values of a field, part after part."""
    parts = (dataset.train, dataset.validation, dataset.test)
    return np.concatenate([{**part.inputs, **part.outputs}[name] for part in parts])
