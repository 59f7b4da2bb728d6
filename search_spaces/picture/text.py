"""Text and numbers of an SVG."""

import re
from xml.sax.saxutils import escape

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(content: str, characters: int) -> str:
    """At most so many characters, safe between two tags."""
    return escape(NOT_IN_XML.sub("\ufffd", shortened(content, characters)))


def shortened(content: str, characters: int) -> str:
    """Names differ at both ends, so the middle goes."""
    if len(content) <= characters:
        return content
    tail = max(0, (characters - 1) // 3)
    return content[: characters - 1 - tail] + "…" + content[len(content) - tail :]


def decimal(number: float) -> str:
    """At most one digit behind the point."""
    return f"{number:.1f}".removesuffix(".0")
