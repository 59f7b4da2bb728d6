"""Best-so-far over trials as SVG: a panel for each problem, readable on light and on dark pages."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

COLORS = {
    "auto": "#e5484d",
    "bayesian": "#f2a33a",
    "genetic": "#30a46c",
    "random": "#8b8d98",
    "optuna-tpe": "#3e8ede",
    "optuna-nsga2": "#8e6fd8",
    "optuna-cmaes": "#2bb8a9",
    "optuna-gp": "#c2579b",
    "kerastuner-bayesian": "#9a7b4f",
    "kerastuner-hyperband": "#6b7fa3",
}
"""What is drawn, and in which colour; mid-tones, which stand out from white and from black."""
LEAST = 1e-4
"""The foot of the scale: a regret of so much of a random candidate's is as good as none."""
WIDTH, HEIGHT, GAP = 240, 170, 40
ACROSS = 3
GREY = "#8b8d98"


@dataclass(frozen=True)
class Panel:
    """``lines``: by algorithm, the regret after each trial as a share of a random candidate's."""

    title: str
    lines: Mapping[str, Sequence[float]]


def drawing(panels: Sequence[Panel]) -> str:
    rows = math.ceil(len(panels) / ACROSS)
    width, height = ACROSS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + 2 * GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="{GREY}">',
        *_legend(panels),
    ]
    for index, panel in enumerate(panels):
        row, column = divmod(index, ACROSS)
        x, y = GAP + column * (WIDTH + GAP), 2 * GAP + row * (HEIGHT + GAP)
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _legend(panels: Sequence[Panel]) -> Iterator[str]:
    drawn = [name for name in COLORS if any(name in panel.lines for panel in panels)]
    for index, name in enumerate(drawn):
        row, column = divmod(index, 5)
        x, y = GAP + column * 165, 14 + row * 18
        yield f'<path d="M{x} {y}h18" stroke="{COLORS[name]}" stroke-width="2.5"/>'
        yield f'<text x="{x + 23}" y="{y + 4}">{name}</text>'


def _panel(panel: Panel) -> Iterator[str]:
    longest = max(map(len, panel.lines.values()), default=1)
    yield f'<text x="0" y="-6" font-weight="600">{panel.title}</text>'
    decades = round(-math.log10(LEAST))
    for decade in range(decades + 1):
        y = _height(10.0**-decade)
        yield f'<path d="M0 {y:.1f}h{WIDTH}" stroke="{GREY}" stroke-opacity=".25"/>'
        yield f'<text x="-4" y="{y + 4:.1f}" text-anchor="end">{_power(decade)}</text>'
    for trials in (25, 50, 100, 200):
        if trials <= longest:
            x = WIDTH * trials / longest
            yield f'<text x="{x:.1f}" y="{HEIGHT + 13}" text-anchor="middle">{trials}</text>'
    for name, color in reversed(COLORS.items()):
        if line := panel.lines.get(name):
            path = _path(line, longest)
            yield f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.6"/>'


def _path(line: Sequence[float], longest: int) -> str:
    """Steps, since a best stays until there is a better one."""
    path = f"M{WIDTH / longest:.1f} {_height(line[0]):.1f}"
    for trial, (before, after) in enumerate(pairwise(line), start=2):
        if after != before or trial == len(line):
            path += f"H{WIDTH * trial / longest:.1f}V{_height(after):.1f}"
    return path


def _height(share: float) -> float:
    """The y coordinate of a share of a random candidate's regret."""
    return HEIGHT * math.log10(max(LEAST, min(1.0, share))) / math.log10(LEAST)


def _power(decade: int) -> str:
    return "1" if decade == 0 else f'10<tspan dy="-4" font-size="8">−{decade}</tspan>'
