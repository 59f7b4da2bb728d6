"""One value as a person looks at it: a short text, or a small picture."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from search_spaces.datasets.dataset import Array

LONGEST_TEXT = 240
LONGEST_NAME = 60
NUMBERS = 8
"""Of a vector or sequence that are written out."""

LONGEST_SIDE = 48
COLOURS = 64
"""Of a picture in colour, so that a dozen of them is not too much to send."""

Shown = dict[str, str]


def text(value: str) -> Shown:
    return {"text": plain(value, LONGEST_TEXT)}


def plain(value: str, most: int = LONGEST_NAME) -> str:
    """In one line of printable characters, shortened; whatever a user's file holds."""
    # What is cut off need not be cleaned: a text may be a book.
    cleaned = "".join(c if c.isprintable() else " " for c in value[: 4 * most])
    line = " ".join(cleaned.split())
    return line if len(line) <= most and len(value) <= 4 * most else f"{line[: most - 1]}…"


def number(value: float) -> str:
    """Four digits; whole where more stand before the point, as prices and dates have, unless these are very many."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def numbers(values: Array) -> Shown:
    """(features,) or (steps, features): the first few."""
    flat = values.reshape(-1)
    shown = ", ".join(number(float(each)) for each in flat[:NUMBERS])
    return {"text": shown if len(flat) <= NUMBERS else f"{shown}, …"}


def tokens(row: Array, words: Sequence[str]) -> Shown:
    """(length,) integers, in ``words`` where these are known, without the padding."""
    kept = row[row != 0].tolist()[:LONGEST_TEXT]
    if not words:
        return text(" ".join(str(each) for each in kept))
    return text(" ".join(words[each] if each < len(words) else "…" for each in kept))


def picture(pixels: Array) -> Shown:
    """(height, width, channels) from 0 to 1, or of any values, which are then stretched to that; as a PNG."""
    shades = Image.fromarray(_bytes(pixels))
    shades.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    if shades.mode == "RGB":
        shades = shades.quantize(COLOURS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    shades.save(file, "PNG", optimize=True)
    return {"picture": f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"}


def _bytes(pixels: Array) -> Array:
    """(height, width) or (height, width, 3) bytes; of two channels the first, of more than three the first three."""
    values = np.nan_to_num(np.asarray(pixels, np.float64))
    least, most = float(values.min()), float(values.max())
    if least < 0 or most > 1:
        values = (values - least) / ((most - least) or 1.0)
    shades: Array = np.round(values * 255).astype(np.uint8)
    return shades[..., 0] if shades.shape[-1] < 3 else shades[..., :3]
