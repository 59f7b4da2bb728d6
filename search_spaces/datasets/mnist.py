"""Handwritten digits at their full size, from ``keras.datasets``."""

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.from_keras import GOOGLE, CachedFile, KerasDataset
from search_spaces.datasets.keras_pictures import load_pictures
from search_spaces.signature import Signature, image, label

ABOUT = KerasDataset(
    name="mnist",
    summary="Handwritten digits: 70,000 grey pictures of 28x28 pixels, ten classes.",
    source="keras.datasets.mnist (LeCun, Cortes and Burges)",
    signature=Signature(inputs=(image("image", 28, 28, 1),), outputs=(label("label", 10),)),
    files=(
        CachedFile(
            "mnist.npz",
            f"{GOOGLE}/mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    training=60_000,
    test=10_000,
)


def load() -> Dataset:
    return load_pictures(ABOUT)
