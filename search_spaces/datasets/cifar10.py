"""Small colour photographs of animals and vehicles, from ``keras.datasets``."""

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.from_keras import CachedFile, KerasDataset
from search_spaces.datasets.keras_pictures import load_pictures
from search_spaces.signature import Signature, image, label

THINGS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

ABOUT = KerasDataset(
    name="cifar10",
    summary="Animals and vehicles: 60,000 colour photographs of 32x32 pixels, ten classes.",
    source="keras.datasets.cifar10 (Krizhevsky 2009)",
    signature=Signature(inputs=(image("image", 32, 32, 3),), outputs=(label("label", 10, THINGS),)),
    files=(
        CachedFile(
            "cifar-10-batches-py-target_archive",
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    training=50_000,
    test=10_000,
)


def load() -> Dataset:
    return load_pictures(ABOUT)
