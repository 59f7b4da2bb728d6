"""Numbers as a person would write them. ``static/shared/format.js`` does the same in the browser."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

NONE = "—"
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def number(value: float | None) -> str:
    """Four significant digits; powers of ten only where zeros would have to be counted."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    if isinstance(value, int) and abs(value) < 1e15:
        return count(value)
    if not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.3e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.4g}" if abs(value) < 10_000 else count(round(value))


def count(value: int | None) -> str:
    """An integer, its thousands apart by a comma."""
    return NONE if value is None else f"{value:,}"


def value(it: Any) -> str:
    """A parameter's value, of any type."""
    if isinstance(it, bool):
        return "yes" if it else "no"
    return number(it) if isinstance(it, int | float) or it is None else str(it)


def bytes_(size: float | None) -> str:
    """A size in bytes, in binary units."""
    if size is None:
        return NONE
    unit = 0
    while size >= 1024 and unit < len(_SIZES) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.3g} {_SIZES[unit]}" if size < 1000 else f"{size:.0f} {_SIZES[unit]}"


def percent(share: float | None) -> str:
    """A share from 0 to 1."""
    return NONE if share is None else f"{100 * share:.0f} %"


def duration(seconds: float | None) -> str:
    """Its two largest units: ``1 h 5 min``, ``42 s``, ``0.3 s``."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return f"{f'{seconds:.1f}'.removesuffix('.0')} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def sentence(text: str, names: Collection[str] = ()) -> str:
    """As a sentence begins and ends; one of the names, or one such as ``training.max_seconds``, stays as it is."""
    first = text.partition(" ")[0]
    is_word = first.isalpha() and first not in names
    begun = text[:1].upper() + text[1:] if is_word else text
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def breakable(text: str) -> Markup:
    """A name that may go on in the next line after a ``_``, a ``.`` or a ``/``."""
    return Markup(re.sub(r"([_./])", r"\1<wbr>", str(escape(text))))


def utc(seconds: float) -> str:
    """A moment, given in seconds since the epoch, to the second."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
