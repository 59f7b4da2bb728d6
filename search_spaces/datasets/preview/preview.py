"""What a preview is made of, and how much of it fits."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Json = dict[str, Any]
Item = TypeVar("Item")

SAMPLES = 12
SAMPLE_BYTES = 20_000
HISTOGRAMS = 32
HISTOGRAM_BYTES = 6_000
CLASS_BYTES = 5_000
"""All three together stay below the 32 KiB that a server takes."""


def preview(
    samples: Iterable[Json], histograms: Iterable[Json], classes: Iterable[tuple[str, list[Json]]]
) -> Json:
    """As many of each, from the first on, as there is room for."""
    return {
        "samples": list(_fitting(samples, SAMPLES, SAMPLE_BYTES)),
        "histograms": list(_fitting(histograms, HISTOGRAMS, HISTOGRAM_BYTES)),
        "classes": dict(_fitting(classes, HISTOGRAMS, CLASS_BYTES)),
    }


def sample(inputs: Json, outputs: dict[str, str]) -> Json:
    return {"inputs": inputs, "outputs": outputs}


def _fitting(items: Iterable[Item], most: int, room: int) -> Iterator[Item]:
    for _, item in zip(range(most), items, strict=False):
        room -= len(json.dumps(item, ensure_ascii=False).encode()) + 1
        if room < 0:
            return
        yield item
