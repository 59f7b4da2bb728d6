"""Which of many points to draw, so that none that stands out is missing. Places are given in ascending order."""

from collections.abc import Iterable, Sequence
from itertools import pairwise


def envelope(values: Sequence[float], most: int) -> list[int]:
    """At most so many places: the smallest and the largest value of each of ``most // 2`` runs of equal length."""
    if len(values) <= most:
        return list(range(len(values)))
    runs = most // 2
    edges = [len(values) * run // runs for run in range(runs + 1)]
    places: set[int] = set()
    for start, end in pairwise(edges):
        run = range(start, end)
        places |= {min(run, key=values.__getitem__), max(run, key=values.__getitem__)}
    return sorted(places)


def spread(order: Sequence[int], most: int, always: Iterable[int]) -> list[int]:
    """At most so many places: first those of ``always``, then others evenly along the order, its ends among them."""
    if len(order) <= most:
        return sorted(order)
    chosen = set(list(dict.fromkeys(always))[:most])
    others = [place for place in order if place not in chosen]
    wanted = most - len(chosen)
    last = max(wanted - 1, 1)
    chosen |= {others[index * (len(others) - 1) // last] for index in range(wanted)}
    return sorted(chosen)
