"""Lines as small as a word, as SVG made of attributes alone: the policy takes no style elements."""

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]

WIDTH, HEIGHT, EDGE = 120, 28, 3


def steps(course: Sequence[tuple[int, float]], until: int) -> str:
    """The points of a line that keeps a value until the next: from the first of ``course`` until ``until``.

    Higher values stand higher. Of changes that would fall on the same pixel the last one is drawn.
    """
    if not course:
        return ""
    low, high = min(value for _, value in course), max(value for _, value in course)
    by_pixel = {round(_across(at, until)): _up(value, low, high) for at, value in course}
    points: list[Point] = []
    for x, y in sorted(by_pixel.items()):
        if points:
            points.append((x, points[-1][1]))
        points.append((x, y))
    return _joined([*points, (WIDTH - EDGE, points[-1][1])])


def stretches(
    samples: Sequence[tuple[float, float]], begin: float, end: float, apart: float
) -> list[str]:
    """The points of shares (0 to 1) over time: a line for each stretch without a gap longer than ``apart`` seconds."""
    if not samples:
        return []
    found: list[list[Point]] = [[]]
    for (before, _), (at, share) in pairwise([samples[0], *samples]):
        if at - before > apart:
            found.append([])
        x = EDGE + (at - begin) / (end - begin) * (WIDTH - 2 * EDGE)
        found[-1].append((round(x, 1), round(_up(share, 0.0, 1.0), 1)))
    return [
        _joined(line if len(line) > 1 else [*line, (line[0][0] + 1, line[0][1])]) for line in found
    ]


def _across(at: int, until: int) -> float:
    return EDGE + at / max(until, 1) * (WIDTH - 2 * EDGE)


def _up(value: float, low: float, high: float) -> float:
    """How far from the top; in the middle where all values are the same."""
    share = 0.5 if high == low else (value - low) / (high - low)
    return round(EDGE + (1 - share) * (HEIGHT - 2 * EDGE), 1)


def _joined(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
