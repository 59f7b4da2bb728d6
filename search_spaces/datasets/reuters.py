"""Newswires from Reuters with their topics, from ``keras.datasets``."""

from search_spaces.datasets.dataset import Dataset
from search_spaces.datasets.from_keras import GOOGLE, CachedFile, KerasDataset
from search_spaces.datasets.keras_texts import load_texts
from search_spaces.signature import Signature, label, tokens

# In the order of Keras's labels.
TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)

ABOUT = KerasDataset(
    name="reuters",
    summary="Which of 46 topics: 11,228 newswires, of each the last 500 words, the 10,000 most frequent told apart.",
    source="keras.datasets.reuters (Reuters-21578)",
    signature=Signature(
        inputs=(tokens("text", length=500, vocabulary=10_000),),
        outputs=(label("label", 46, tuple(TOPICS.split())),),
    ),
    files=(
        CachedFile(
            "reuters.npz",
            f"{GOOGLE}/reuters.npz",
            "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
        ),
    ),
    training=8_982,
    test=2_246,
)


def load() -> Dataset:
    return load_texts(ABOUT)
