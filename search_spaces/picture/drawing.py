"""The picture of an architecture: an SVG with a box for every call of a layer, and arrows for what flows."""

from itertools import pairwise

import keras

from search_spaces import architecture
from search_spaces.architecture import Architecture, Call
from search_spaces.picture.box import GAP, HEIGHT, box, fitting_width
from search_spaces.picture.layout import Layout, Stop, arrange, column
from search_spaces.picture.text import decimal, text

MARGIN = 24.0
BETWEEN_ROWS = 30.0
HEADER = 44.0

MOST_BOXES = 500
MOST_EDGES = 2 * MOST_BOXES
"""A picture stays below 300 kB."""

STYLE = (
    "@media(prefers-color-scheme:dark){"
    ".arch-paper{fill:#15181e}.arch-ink{fill:#e7eaf0}"
    ".arch-box{fill:#20252e;stroke:#3b4350}.arch-input{fill:#1b2b45;stroke:#41659c}"
    ".arch-output{fill:#173526;stroke:#37805a}.arch-line{stroke:#7d8798}.arch-head{fill:#7d8798}}"
)
"""Over the light colours in the attributes, which stay where a page's policy forbids a style."""


def draw(model: keras.Model) -> str:
    """The model's architecture as an SVG document; the same for the same model.

    Each call of a layer is a box with name, class, shape of the output (without the batch) and parameter count, so a
    shared layer has several, dashed. A nested model is one box. The flow of a subclassed model is in its code, so its
    layers stand in a column. Beyond MOST_BOXES calls, the last box says how many more there are.
    """
    whole = architecture.of(model)
    shown = _cut(whole)
    width = fitting_width(shown.calls)
    drawable = bool(shown.edges) and len(shown.edges) <= MOST_EDGES
    layout = (
        arrange(len(shown.calls), shown.edges, width + GAP)
        if drawable
        else column(len(shown.calls), width + GAP)
    )
    return _document(shown, layout, width, _headline(whole))


def _cut(whole: Architecture) -> Architecture:
    calls = whole.calls
    if len(calls) <= MOST_BOXES:
        return whole
    last = MOST_BOXES - 1
    rest = Call(f"{len(calls) - last:,} more", "and so on", None, 0)
    edges = {(start, min(end, last)) for start, end in whole.edges if start < last}
    return Architecture(whole.name, whole.parameters, (*calls[:last], rest), tuple(sorted(edges)))


def _headline(found: Architecture) -> tuple[str, str]:
    layers = f"{len(found.layers):,} layer{'s' if len(found.layers) != 1 else ''}"
    if found.parameters is None:
        return found.name, f"{layers}, not built yet"
    return found.name, f"{found.parameters:,} parameters in {layers}"


def _document(
    shown: Architecture, layout: Layout, box_width: float, headline: tuple[str, str]
) -> str:
    name, facts = (text(part, 60) for part in headline)
    # Text is about 7 pixels a character at these sizes.
    inner = max(layout.width - GAP, 7.5 * max(len(name), len(facts)))
    width = inner + 2 * MARGIN
    left = MARGIN - GAP / 2 + (inner - (layout.width - GAP)) / 2
    height = HEADER + layout.rows * (HEIGHT + BETWEEN_ROWS) - BETWEEN_ROWS + 2 * MARGIN
    boxes = [
        box(call, left + stop.x - box_width / 2, _top(stop.row), box_width)
        for call, stop in zip(shown.calls, layout.boxes, strict=True)
    ]
    lines = "".join(_line(route, left) for route in layout.routes)
    heads = "".join(_head(route[-1], left) for route in layout.routes)
    size = f"{decimal(width)} {decimal(height)}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{decimal(width)}" '
            f'height="{decimal(height)}" role="img" font-family="system-ui,-apple-system,\'Segoe UI\',Roboto,'
            'Helvetica,Arial,sans-serif" font-size="12">',
            f"<title>{name}</title>",
            f"<style>{STYLE}</style>",
            '<rect class="arch-paper" width="100%" height="100%" rx="12" fill="#f7f8fa"/>',
            '<g class="arch-ink" fill="#1b2330">',
            f'<text x="{decimal(width / 2)}" y="{decimal(MARGIN + 12)}" text-anchor="middle" font-size="15" '
            f'font-weight="600">{name}</text>',
            f'<text x="{decimal(width / 2)}" y="{decimal(MARGIN + 30)}" text-anchor="middle" '
            f'opacity=".65">{facts}</text>',
            f'<path class="arch-line" fill="none" stroke="#8c96a6" stroke-width="1.4" d="{lines}"/>',
            f'<path class="arch-head" fill="#8c96a6" d="{heads}"/>',
            *boxes,
            "</g>",
            "</svg>",
            "",
        ]
    )  # fmt: skip


def _top(row: int) -> float:
    return MARGIN + HEADER + row * (HEIGHT + BETWEEN_ROWS)


def _line(route: tuple[Stop, ...], left: float) -> str:
    """Straight down past a row, and a curve from lane to lane in between."""
    start = route[0]
    path = [f"M{decimal(left + start.x)} {decimal(_top(start.row) + HEIGHT)}"]
    for above, below in pairwise(route):
        x, y = left + below.x, _top(below.row)
        if abs(below.x - above.x) >= 0.05:
            bottom, middle = y - BETWEEN_ROWS, decimal(y - BETWEEN_ROWS / 2)
            if above is not start:
                path.append(f"V{decimal(bottom)}")
            path.append(
                f"C{decimal(left + above.x)} {middle} {decimal(x)} {middle} {decimal(x)} {decimal(y)}"
            )
        elif below is route[-1]:
            path.append(f"V{decimal(y)}")
    return "".join(path)


def _head(end: Stop, left: float) -> str:
    return f"M{decimal(left + end.x)} {decimal(_top(end.row))}l-4-7.5h8z"
