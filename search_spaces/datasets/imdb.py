"""Film reviews from IMDB with their sentiment, from ``keras.datasets``."""

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.from_keras import GOOGLE, CachedFile, KerasDataset
from search_spaces.datasets.keras_texts import load_texts
from search_spaces.signature import Signature, label, tokens

ABOUT = KerasDataset(
    name="imdb",
    summary="Negative (0) or positive (1): 50,000 film reviews, of each the last 500 words, the 2,000 most frequent "
    "told apart.",
    source="keras.datasets.imdb (Maas and others 2011)",
    # As Deep Learning with Python, 7.2, cuts them.
    signature=Signature(
        inputs=(tokens("text", length=500, vocabulary=2_000),),
        outputs=(label("label", 2, ("negative", "positive")),),
    ),
    files=(
        CachedFile(
            "imdb.npz",
            f"{GOOGLE}/imdb.npz",
            "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
        ),
    ),
    training=25_000,
    test=25_000,
)


def load() -> Dataset:
    return load_texts(ABOUT)
