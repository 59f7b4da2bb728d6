"""Synthetic pairs of camera pictures with the distance of the thing before them, made on the spot."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.signature import Signature, image, number

SEED = 2021
PAIRS = 2_000
SIDE = 32
NEAREST, FARTHEST = 1, 5
SHIFT_AT_ONE_METRE = 10
"""Pixels; a thing twice as far away is shifted half as much."""

NOISE = 24
BRIGHTEST = np.float32(255)


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    metres = NEAREST + (FARTHEST - NEAREST) * random.rand(PAIRS)
    shift = SHIFT_AT_ONE_METRE / metres
    width, height = random.randint(6, 10, PAIRS), random.randint(8, 13, PAIRS)
    middle = random.randint(SIDE * 3 // 8, SIDE * 5 // 8 + 1, PAIRS)
    top = random.randint(0, SIDE - height + 1)
    light = random.randint(180, 230, PAIRS)
    rows = _covered(top, height)
    pictures = {}
    for side, moved in (("left", shift / 2), ("right", -shift / 2)):
        columns = _covered(middle - width / 2 + moved, width)
        thing = light[:, None, None] * rows[:, :, None] * columns[:, None, :]
        seen = np.floor(thing) + random.randint(0, NOISE, (PAIRS, SIDE, SIDE))
        pictures[side] = seen.astype(np.float32)[..., np.newaxis] / BRIGHTEST
    whole = Part(pictures, {"distance": metres.astype(np.float32)})
    return Dataset(
        name="made_cameras",
        summary=f"Synthetic: distance in metres ({NEAREST} to {FARTHEST}) of a bright thing in {PAIRS:,} pairs of grey "
        f"pictures of {SIDE}x{SIDE} pixels; the nearer, the more it is shifted between left and right.",
        source="synthetic, made by search_spaces.datasets.made_cameras",
        signature=Signature(
            inputs=(image("left", SIDE, SIDE, 1), image("right", SIDE, SIDE, 1)),
            outputs=(number("distance"),),
        ),
        **split.stratified(split.tenths(metres), SEED).parts(whole),
    )


def _covered(start: Array, size: Array) -> Array:
    """How much of each pixel, 0 to 1, lies within ``start`` … ``start + size``: (n, SIDE)."""
    pixel = np.arange(SIDE)[None, :]
    end = (start + size)[:, None]
    covered: Array = np.minimum(pixel + 1, end) - np.maximum(pixel, start[:, None])
    return covered.clip(0, 1)
