"""Pictures in bytes: measured, verified and made arrays, with Pillow."""

import io
import statistics
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageOps

from search_spaces.datasets.dataset import Array
from search_spaces.errors import BadFile

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")

MOST_PIXELS = 100_000_000
"""Of one picture, before it is resized."""

LONGEST_SIDE = 256
"""Of the common size that pictures of different sizes are brought to, where none is said."""

ON_THEIR_SIDE = (5, 6, 7, 8)
"""Values of EXIF's orientation that swap height and width."""

BRIGHTEST = 255


@dataclass(frozen=True)
class PictureSize:
    """As it is shown, turned upright. ``channels``: 1 if its pixels are grey by type, else 3."""

    height: int
    width: int
    channels: int


def measured(data: bytes | bytearray, where: str) -> PictureSize:
    """From the picture's header alone. Raises BadFile."""
    with _opened(data, where) as picture:
        height, width = picture.height, picture.width
        if picture.getexif().get(ExifTags.Base.Orientation) in ON_THEIR_SIDE:
            height, width = width, height
        return PictureSize(height, width, 1 if _is_grey(picture) else 3)


def common_size(sizes: Sequence[PictureSize]) -> tuple[int, int]:
    """(height, width): that of all, or the median of each side, made smaller to LONGEST_SIDE at most."""
    height = int(statistics.median(size.height for size in sizes))
    width = int(statistics.median(size.width for size in sizes))
    if len({(size.height, size.width) for size in sizes}) == 1:
        return height, width
    factor = min(1.0, LONGEST_SIDE / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def pixels(data: bytes | bytearray, size: PictureSize, where: str) -> Array:
    """(height, width, channels) float32 from 0 to 1, resized bilinearly; of an animation the first picture.

    Transparency is ignored. Raises BadFile.
    """
    with _opened(data, where) as picture:
        upright = ImageOps.exif_transpose(picture)
        shown = _grey(upright) if size.channels == 1 else upright.convert("RGB")
        if shown.size != (size.width, size.height):
            shown = shown.resize((size.width, size.height), Image.Resampling.BILINEAR)
        values = np.asarray(shown, np.float32) / np.float32(BRIGHTEST)
        return values.reshape(size.height, size.width, size.channels)


@contextmanager
def _opened(data: bytes | bytearray, where: str) -> Iterator[Image.Image]:
    """A picture that is not decoded yet and not too large to be."""
    try:
        # Pillow warns of what it mends, and of many pixels, which we count ourselves.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(data), formats=FORMATS) as picture,
        ):
            if (count := picture.width * picture.height) > MOST_PIXELS:
                raise BadFile(f"has {count:,} pixels; at most {MOST_PIXELS:,} are allowed", where)
            yield picture
    except BadFile:
        raise
    # Pillow's decoders raise whatever their parsing of broken data runs into: OSError, SyntaxError, struct.error, …
    except Exception as error:
        reason = str(error).partition(" <_io")[0] or type(error).__name__
        raise BadFile(f"is no picture that can be read: {reason}", where) from error


def _is_grey(picture: Image.Image) -> bool:
    return picture.mode in ("1", "L", "LA") or picture.mode.startswith("I")


def _grey(picture: Image.Image) -> Image.Image:
    if not picture.mode.startswith("I"):
        return picture.convert("L")
    # 16 bits a pixel, which Pillow would clip at 255.
    return Image.fromarray((np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8))
