"""Synthetic pictures of shapes, made on the spot."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Array, Dataset, Part
from search_spaces.signature import Signature, image, label

SEED = 2021
PICTURES = 1_200
SIDE = 64
SMALLEST, LARGEST = 12, 24
NOISE = 32
DARK, LIGHT = 60, 120
BRIGHTEST = np.float32(255)
SHAPES = ("circle", "square", "triangle", "cross", "ring")


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    shapes = (np.arange(PICTURES) % len(SHAPES)).astype(np.int32)
    pictures = np.stack([_picture(random, SHAPES[shape]) for shape in shapes])
    whole = Part({"image": pictures.astype(np.float32) / BRIGHTEST}, {"shape": shapes})
    return Dataset(
        name="made_shapes",
        summary=f"Synthetic: circle, square, triangle, cross or ring, {PICTURES:,} noisy pictures of "
        f"{SIDE}x{SIDE} pixels.",
        source="synthetic, made by search_spaces.datasets.made_shapes",
        signature=Signature(
            inputs=(image("image", SIDE, SIDE, 3),),
            outputs=(label("shape", len(SHAPES), SHAPES),),
        ),
        **split.stratified(shapes, SEED).parts(whole),
    )


def _picture(random: np.random.RandomState, shape: str) -> Array:
    """The shape anywhere and of any size, in a light colour on a dark one: bytes (SIDE, SIDE, 3)."""
    radius = random.randint(SMALLEST, LARGEST + 1)
    across, down = random.randint(radius, SIDE - radius, 2)
    ground, colour = random.randint(0, DARK, 3), random.randint(LIGHT, 256 - NOISE, 3)
    x, y = np.arange(SIDE)[None, :] - across, np.arange(SIDE)[:, None] - down
    picture = np.where(_within(shape, x, y, radius)[..., None], colour, ground)
    return (picture + random.randint(0, NOISE, (SIDE, SIDE, 3))).astype(np.uint8)


def _within(shape: str, x: Array, y: Array, radius: int) -> Array:
    """Which pixels the shape covers; ``x`` and ``y`` are measured from its middle."""
    across, down, square = np.abs(x), np.abs(y), x * x + y * y
    covers: Array
    match shape:
        case "circle":
            covers = square <= radius * radius
        case "ring":
            covers = (square <= radius * radius) & (4 * square >= radius * radius)
        case "square":
            covers = np.maximum(across, down) * 8 <= 7 * radius
        case "triangle":
            covers = (down <= radius) & (2 * across <= y + radius)
        case _:
            covers = (np.maximum(across, down) <= radius) & (np.minimum(across, down) * 3 <= radius)
    return covers
