"""Where the boxes of a graph stand, row by row, and how its edges run between them.

Layers, crossings and coordinates are the method of Sugiyama, Tagawa and Toda (1981), as ``fast_sugiyama`` has it: an
edge over several rows passes through a dummy in each, so that it never crosses a box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import fast_sugiyama

Edge = tuple[int, int]
Positions = Sequence[tuple[int, tuple[float, float]]]

LANE = 26.0
"""How wide, in pixels, is the way of an edge past the boxes of a row."""


@dataclass(frozen=True)
class Stop:
    """The middle of a box, or of an edge's way through a row: ``x`` in pixels, ``row`` from 0 down."""

    x: float
    row: int


@dataclass(frozen=True)
class Layout:
    """``boxes``: one stop each. ``routes``: every edge's stops, from box to box. ``width``: of all, in pixels."""

    boxes: tuple[Stop, ...]
    routes: tuple[tuple[Stop, ...], ...]
    width: float
    rows: int


def column(boxes: int, pitch: float) -> Layout:
    """One below the other, without edges."""
    return Layout(tuple(Stop(pitch / 2, row) for row in range(boxes)), (), pitch, boxes)


def arrange(boxes: int, edges: Sequence[Edge], pitch: float) -> Layout:
    """Every edge runs downwards. ``pitch``: from middle to middle of two boxes side by side, in pixels.

    Of ``edges``, of which there must be some, each goes from an earlier to a later box, and none is there twice.
    """
    # Over a cycle the library ends the process.
    if any(start >= end for start, end in edges):
        raise ValueError("an edge must go from an earlier to a later box")
    # The library numbers its dummies on from the vertices it was given, so these go without gaps.
    joined = sorted({box for edge in edges for box in edge})
    place = {box: at for at, box in enumerate(joined)}
    numbered = [(place[start], place[end]) for start, end in edges]
    stops: dict[int, Stop] = {}
    routes: list[tuple[Stop, ...]] = []
    width = 0.0
    for positions, parts in _components(numbered, pitch):
        placed = _placed(positions, len(joined), pitch, left=width)
        stops |= {joined[node]: stop for node, stop in placed.items() if node < len(joined)}
        routes += _routes(parts, placed, len(joined))
        width = max(stop.x + _width(node, len(joined), pitch) / 2 for node, stop in placed.items())
    for alone in range(boxes):
        if alone not in stops:
            stops[alone] = Stop(width + pitch / 2, 0)
            width += pitch
    rows = max((stop.row for stop in stops.values()), default=-1) + 1
    return Layout(tuple(stops[box] for box in range(boxes)), tuple(routes), width, rows)


def _components(edges: Sequence[Edge], pitch: float) -> list[tuple[Positions, list[Edge]]]:
    """The positions of each connected part, and its edges in pieces from dummy to dummy."""
    layouts = fast_sugiyama.from_edges(
        edges, vertex_spacing=pitch, dummy_vertices=True, dummy_size=LANE
    )
    return [
        (
            [(int(node), position) for node, position in positions],
            [(int(start), int(end)) for start, end in pieces or ()],
        )
        for positions, _, _, pieces in layouts
    ]


def _placed(positions: Positions, boxes: int, pitch: float, left: float) -> dict[int, Stop]:
    """One component of the graph, its left edge at ``left``."""
    # The library counts upwards.
    heights = sorted({y for _, (_, y) in positions}, reverse=True)
    row = {y: at for at, y in enumerate(heights)}
    sign = -1 if _mirrored(positions, boxes) else 1
    start = min(sign * x - _width(node, boxes, pitch) / 2 for node, (x, _) in positions)
    return {node: Stop(sign * x - start + left, row[y]) for node, (x, y) in sorted(positions)}


def _width(node: int, boxes: int, pitch: float) -> float:
    return pitch if node < boxes else LANE


def _mirrored(positions: Positions, boxes: int) -> bool:
    """Whether boxes of one row mostly stand from right to left; the library does not care."""
    rows: dict[float, list[tuple[int, float]]] = {}
    for node, (x, y) in positions:
        if node < boxes:
            rows.setdefault(y, []).append((node, x))
    pairs = [pair for row in rows.values() for pair in pairwise(sorted(row))]
    return sum(after < before for (_, before), (_, after) in pairs) > len(pairs) / 2


def _routes(parts: Sequence[Edge], placed: dict[int, Stop], boxes: int) -> list[tuple[Stop, ...]]:
    after = {start: end for start, end in parts if start >= boxes}
    routes = []
    for start, end in sorted(set(parts)):
        if start >= boxes:
            continue
        stops = [placed[start], placed[end]]
        while end >= boxes:
            end = after[end]
            stops.append(placed[end])
        routes.append(tuple(stops))
    return routes
