"""Synthetic film reviews with their sentiment, made on the spot, in the spirit of IMDB's."""

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.words import listed, numbered, one_of
from search_spaces.signature import Signature, label, tokens

SEED = 2021
REVIEWS = 2_000
LENGTH = 100
AGREES = 0.85
NEGATED = 0.3

SUBJECTS = listed(
    "the plot | the story | the acting | the cast | the music | the ending | the dialogue | the script | the "
    "camera work | the editing | the humour | the main character | the villain | the first half | the second half "
    "| the pace | the idea behind it | the love story | the fight scene | the directing | the whole film | this "
    "movie | the sequel | every scene | the soundtrack"
)
GOOD = listed(
    "good | great | brilliant | wonderful | moving | clever | funny | gripping | beautiful | charming | superb | "
    "original | honest | touching | memorable | convincing | delightful | thrilling | warm | sharp | elegant | "
    "fresh | witty | stunning | perfect"
)
BAD = listed(
    "bad | terrible | dull | boring | silly | weak | predictable | awful | clumsy | lifeless | shallow | annoying "
    "| confusing | tedious | stale | forced | ridiculous | slow | cheap | hollow | painful | messy | flat | "
    "pointless | dreadful"
)
WORDS = (BAD, GOOD)
VERBS = listed("is | was | seemed | felt | turned out | remains")
DEGREES = listed(" | very | really | truly | quite | rather | simply | somewhat")
NEGATIONS = listed("is not | was never | is hardly | was not at all | is anything but")
FILLERS = listed(
    "i saw it last night with a friend | we watched it on a long flight | it runs for about two hours | my "
    "brother chose it | the book came out years ago | there was a queue at the cinema | it is set in a small town "
    "| most of it happens at night | the actors are little known | they made it in one summer | it came out in "
    "the spring | i had read about it before | the poster hangs in our street | it has two sequels"
)
LINKS = listed(
    "and | also | then again | besides | on top of that | to be fair | in the end | for me"
)


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    sentiments = (np.arange(REVIEWS) % 2).astype(np.int32)
    text, words = numbered([review(random, sentiment) for sentiment in sentiments.tolist()], LENGTH)
    whole = Part({"text": text}, {"sentiment": sentiments})
    return Dataset(
        name="made_reviews",
        summary=f"Synthetic: negative (0) or positive (1), {REVIEWS:,} film reviews by a small grammar, "
        "with negations, asides and opinions that go against the rest.",
        source="synthetic, made by search_spaces.datasets.made_reviews",
        signature=Signature(
            inputs=(tokens("text", LENGTH, len(words)),),
            outputs=(label("sentiment", 2, ("negative", "positive")),),
        ),
        legend={"text": words},
        **split.stratified(sentiments, SEED).parts(whole),
    )


def review(random: np.random.RandomState, sentiment: int) -> str:
    """Three to six opinions, most of them of this sentiment, and asides between them."""
    said = []
    for _ in range(random.randint(3, 7)):
        if random.rand() < 0.5:
            said.append(one_of(random, FILLERS))
        said.append(one_of(random, LINKS))
        said.append(_opinion(random, sentiment if random.rand() < AGREES else 1 - sentiment))
    return " ".join(said)


def _opinion(random: np.random.RandomState, sentiment: int) -> str:
    """Some opinions are the contrary of their contrary: what is not dull is praised."""
    subject = one_of(random, SUBJECTS)
    if random.rand() < NEGATED:
        return f"{subject} {one_of(random, NEGATIONS)} {one_of(random, WORDS[1 - sentiment])}"
    degree, word = one_of(random, DEGREES), one_of(random, WORDS[sentiment])
    return f"{subject} {one_of(random, VERBS)} {degree} {word}"
