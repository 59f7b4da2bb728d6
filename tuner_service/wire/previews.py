"""A look at a data set, made where the data was opened. Nobody trusts it: it is small, and plain, or refused."""

import base64
import struct
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tuner_service.wire.base import Body, RealNumber, Text

MOST_BYTES = 32 * 1024
LONGEST_SIDE = 256
PNG = b"\x89PNG\r\n\x1a\n"
_URI = "data:image/png;base64,"
_HEADER_LETTERS = 32
"""In base64, of a PNG's beginning up to its size in pixels."""


def _small_png(uri: str) -> str:
    # A few bytes may unfold to a picture of gigabytes, in the browser of whoever looks at it.
    head = base64.b64decode(uri.removeprefix(_URI)[:_HEADER_LETTERS])
    if not head.startswith(PNG) or head[12:16] != b"IHDR":
        raise ValueError("is no PNG")
    width, height = struct.unpack(">II", head[16:24])
    if not (1 <= width <= LONGEST_SIDE and 1 <= height <= LONGEST_SIDE):
        raise ValueError(f"has {width} x {height} pixels; a side has 1 to {LONGEST_SIDE}")
    return uri


Picture = Annotated[
    str,
    Field(pattern=rf"^{_URI}[A-Za-z0-9+/]{{{_HEADER_LETTERS},}}={{0,2}}$", max_length=MOST_BYTES),
    AfterValidator(_small_png),
]
Label = Annotated[Text, Field(max_length=200)]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**53)]


class Shown(Body):
    """A value as a person looks at it: a small PNG as a data URI, or a text."""

    picture: Picture | None = None
    text: Annotated[Text, Field(max_length=1000)] | None = None


class Sample(Body):
    inputs: dict[Label, Shown] = Field(max_length=64)
    outputs: dict[Label, Label] = Field(max_length=64)


class Histogram(Body):
    """Numbers in bins of one width from ``least`` to ``most``; ``missing`` stand in none."""

    name: Label
    unit: Label = ""
    least: RealNumber
    most: RealNumber
    counts: list[Count] = Field(min_length=1, max_length=64)
    missing: Count = 0


class ClassCount(Body):
    """``name`` is None for all the classes that are not named one by one."""

    name: Label | None
    count: Count


class Preview(Body):
    """Of the training part: some examples, how numbers are spread, how often each class or category is there."""

    samples: list[Sample] = Field(default=[], max_length=32)
    histograms: list[Histogram] = Field(default=[], max_length=64)
    classes: dict[Label, Annotated[list[ClassCount], Field(max_length=100)]] = Field(
        default={}, max_length=64
    )

    @model_validator(mode="after")
    def _is_small(self) -> "Preview":
        size = len(self.model_dump_json().encode())
        if size > MOST_BYTES:
            raise ValueError(f"has {size:,} bytes; at most {MOST_BYTES:,} are taken")
        return self
