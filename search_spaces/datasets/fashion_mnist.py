"""Pictures of clothes, from ``keras.datasets``."""

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.from_keras import GOOGLE, CachedFile, KerasDataset
from search_spaces.datasets.keras_pictures import load_pictures
from search_spaces.signature import Signature, image, label

CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

ABOUT = KerasDataset(
    name="fashion_mnist",
    summary="Clothes: 70,000 grey pictures of 28x28 pixels, ten classes.",
    source="keras.datasets.fashion_mnist (Zalando Research, MIT license)",
    signature=Signature(
        inputs=(image("image", 28, 28, 1),), outputs=(label("label", 10, CLOTHES),)
    ),
    files=tuple(
        CachedFile(name, f"{GOOGLE}/{name}")
        for name in (
            "train-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
        )
    ),
    training=60_000,
    test=10_000,
    subfolder="datasets/fashion-mnist",
)


def load() -> Dataset:
    return load_pictures(ABOUT)
