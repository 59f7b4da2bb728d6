"""How values are spread: numbers in a histogram, classes one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from search_spaces.datasets.dataset import Array
from search_spaces.datasets.preview.shown import plain

Json = dict[str, Any]

BINS = 20
MOST_CLASSES = 40
DIGITS = 6


def histogram(name: str, values: Array, unit: str = "", missing: int = 0) -> Json:
    """Of (n,) numbers, one of them finite, in bins of one width; whole numbers that lie close have a bin each."""
    known = np.asarray(values, np.float64)
    missing += int((~np.isfinite(known)).sum())
    known = known[np.isfinite(known)]
    least, most = float(known.min()), float(known.max())
    if most - least < BINS and bool((known == np.floor(known)).all()):
        bins, least, most = int(most - least) + 1, least - 0.5, most + 0.5
    else:
        # Of numbers that differ in their last bits no more can be told.
        bins = BINS if most - least > BINS * 2 * np.spacing(max(abs(least), abs(most))) else 1
    counts = np.histogram(known, bins, (least, most))[0].tolist() if bins > 1 else [len(known)]
    return {
        "name": plain(name),
        "unit": unit,
        "least": float(f"{least:.{DIGITS}g}"),
        "most": float(f"{most:.{DIGITS}g}"),
        "counts": counts,
        "missing": missing,
    }


def classes(labels: Array, count: int, names: Sequence[str]) -> list[Json]:
    """How often each of the classes 0 … count - 1 is there, in their order; beyond MOST_CLASSES the frequent ones."""
    found = np.bincount(labels, minlength=count).tolist()
    return most_frequent(
        (names[index] if names else str(index), times) for index, times in enumerate(found)
    )


def most_frequent(counts: Iterable[tuple[str, int]]) -> list[Json]:
    """In the order given; the rest of them stands last, without a name."""
    all_of = list(counts)
    kept = sorted(range(len(all_of)), key=lambda index: -all_of[index][1])[:MOST_CLASSES]
    shown: list[Json] = [
        {"name": plain(all_of[index][0]), "count": all_of[index][1]} for index in sorted(kept)
    ]
    if rest := sum(times for _, times in all_of) - sum(each["count"] for each in shown):
        shown.append({"name": None, "count": rest})
    return shown
