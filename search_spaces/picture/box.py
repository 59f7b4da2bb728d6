"""One box of the picture of an architecture: a call of a layer."""

from collections.abc import Sequence

from search_spaces.architecture import Call, Shape
from search_spaces.picture.text import decimal, text

HEIGHT = 44.0
GAP = 28.0
NARROWEST, WIDEST = 150.0, 290.0
PADDING = 14.0
BETWEEN = 18.0
LONGEST_SHAPE = 20

BOLD, PLAIN = 7.2, 6.4
"""Pixels a character takes, on the wide side: fonts differ, and nobody here can measure them."""

HUES = (
    ("Attention", "#d6409f"),
    ("Embedding", "#8e4ec6"),
    ("Conv", "#3b82f6"),
    ("Dense", "#f08c2e"),
    ("LSTM", "#12a594"),
    ("GRU", "#12a594"),
    ("RNN", "#12a594"),
    ("Bidirectional", "#12a594"),
    ("Pooling", "#e5484d"),
    ("Normalization", "#9aa3b2"),
    ("Dropout", "#9aa3b2"),
    ("Concatenate", "#d4a60a"),
    ("Add", "#d4a60a"),
    ("Multiply", "#d4a60a"),
)
"""The first whose word is in the name of a layer's class colours it."""

NESTED = "#6e56cf"
OTHER = "#c3c9d4"
FILLS = {
    "input": ("#eaf2ff", "#9cc0fb"),
    "output": ("#e8f8ee", "#86cfa5"),
    "layer": ("#ffffff", "#d5dae2"),
}


def fitting_width(calls: Sequence[Call]) -> float:
    """Wide enough for the text of each, in pixels, within bounds."""
    needed = max((max(_needed(call)) for call in calls), default=0.0)
    return min(WIDEST, max(NARROWEST, needed + 2 * PADDING + BETWEEN))


def box(call: Call, x: float, y: float, width: float) -> str:
    """Its upper left corner at (x, y)."""
    fill, stroke = FILLS[call.role]
    css = "arch-box" if call.role == "layer" else f"arch-{call.role}"
    frame = ' stroke-dasharray="5 3"' if call.calls > 1 else ""
    room = width - 2 * PADDING - BETWEEN
    shape, count = _shapes(call), _parameters(call)
    name = text(call.name, int((room - PLAIN * min(len(shape), LONGEST_SHAPE)) / BOLD))
    kind = text(_kind(call), int((room - PLAIN * len(count)) / PLAIN))
    right = decimal(width - PADDING)
    left = decimal(PADDING)
    told = f"{count} parameters" if count else ""
    full = ", ".join(part for part in (call.name, _kind(call), shape, told) if part)
    return "".join(
        [
            f'<g transform="translate({decimal(x)} {decimal(y)})">',
            f"<title>{text(full, 200)}</title>",
            f'<rect class="{css}" width="{decimal(width)}" height="{decimal(HEIGHT)}" rx="7" '
            f'fill="{fill}" stroke="{stroke}"{frame}/>',
            f'<rect x="4" y="8" width="3" height="{decimal(HEIGHT - 16)}" rx="1.5" fill="{_hue(call)}"/>',
            f'<text x="{left}" y="19" font-weight="600">{name}</text>',
            f'<text x="{right}" y="19" text-anchor="end">{text(shape, LONGEST_SHAPE)}</text>'
            if shape
            else "",
            f'<text x="{left}" y="35" font-size="11" opacity=".65">{kind}</text>',
            f'<text x="{right}" y="35" font-size="11" opacity=".65" text-anchor="end">{count}</text>'
            if count
            else "",
            "</g>",
        ]
    )


def _needed(call: Call) -> tuple[float, float]:
    above = BOLD * len(call.name) + PLAIN * min(len(_shapes(call)), LONGEST_SHAPE)
    return above, PLAIN * (len(_kind(call)) + len(_parameters(call)))


def _kind(call: Call) -> str:
    if call.calls > 1:
        return f"{call.type}, shared: {call.number} of {call.calls}"
    if call.inner_layers:
        return f"{call.type} of {call.inner_layers} layers"
    return call.type


def _parameters(call: Call) -> str:
    return f"{call.parameters:,}" if call.parameters else ""


def _shapes(call: Call) -> str:
    return "" if call.shapes is None else ", ".join(_shape(shape) for shape in call.shapes)


def _shape(shape: Shape) -> str:
    return " × ".join("?" if size is None else str(size) for size in shape) or "scalar"


def _hue(call: Call) -> str:
    if call.inner_layers:
        return NESTED
    return next((hue for word, hue in HUES if word in call.type), OTHER)
