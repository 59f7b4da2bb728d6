"""Synthetic social posts with age, income and gender of their authors, made on the spot."""

from collections.abc import Sequence

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.words import listed, numbered, one_of
from search_spaces.signature import Signature, label, number, tokens

SEED = 2021
POSTS = 3_000
PHRASES = 14
LENGTH = 60
YOUNGEST, OLDEST = 15, 85
DECADE = 10

# From the youngest to the oldest, and from the poorest to the richest, two a class.
OF_AGES = listed(
    "homework | my exams | the prom | my finals | freshers week | my thesis | my first job | the flat share | my "
    "wedding | the baby | the nursery | school runs | the mortgage | parents evening | my promotion | my back | "
    "the empty nest | the reunion | the grandchildren | my retirement | the allotment | my pension | the hip "
    "operation | the care home"
)
OF_INCOMES = listed(
    "the food bank | the night shift | a second hand coat | the bus pass | a budget airline | the sales | a new "
    "phone | a rented cottage | a family car | a city break | the cleaner | a ski trip | the private school | a "
    "sports car | my broker | the second home | the chauffeur | my yacht | the foundation | the vineyard"
)
OF_GENDERS = (
    ("as a woman", "as a mum", "being a sister", "as somebodys aunt", "us girls"),
    ("as a man", "as a dad", "being a brother", "as somebodys uncle", "us lads"),
)
OPENINGS = listed(
    "thinking about | so happy about | tired of | anyone else worried about | cannot wait for | a word on | busy "
    "with | all about | dreaming of | laughing about"
)
CHATTER = listed(
    "good morning everyone | what a day | so tired | the weather is lovely | coffee first | happy friday | who "
    "else is awake | lol | no words | just saying | see you there | such a long week | new picture soon | please "
    "share | thanks all"
)


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    ages = random.randint(YOUNGEST, OLDEST + 1, POSTS)
    life = (ages - YOUNGEST) / (OLDEST + 1 - YOUNGEST)
    incomes = (5 * life + 5 * random.rand(POSTS)).astype(np.int32)
    genders = random.randint(2, size=POSTS).astype(np.int32)
    posts = [_post(random, *author) for author in zip(ages, incomes, genders, strict=True)]
    post, words = numbered(posts, LENGTH)
    decades = (ages / DECADE).astype(np.float32)
    whole = Part({"post": post}, {"age": decades, "income": incomes, "gender": genders})
    return Dataset(
        name="made_posts",
        summary="Synthetic: age in decades (1.5 to 8.5), income in ten classes that rise with age, and gender of the "
        f"authors of {POSTS:,} social posts.",
        source="synthetic, made by search_spaces.datasets.made_posts",
        # In decades the squared error of an age stands beside the losses of the classes; in years it drowns them.
        signature=Signature(
            inputs=(tokens("post", LENGTH, len(words)),),
            outputs=(number("age"), label("income", 10), label("gender", 2, ("female", "male"))),
        ),
        legend={"post": words},
        **split.stratified(incomes, SEED).parts(whole),
    )


def _post(random: np.random.RandomState, age: int, income: int, gender: int) -> str:
    """What concerns one's age and income, how one speaks of oneself, and chatter."""
    said = []
    for _ in range(PHRASES):
        kind = random.rand()
        if kind < 0.25:
            concern = _around(random, OF_AGES, (age - YOUNGEST) / (OLDEST - YOUNGEST))
            said.append(f"{one_of(random, OPENINGS)} {concern}")
        elif kind < 0.6:
            concern = OF_INCOMES[2 * income + random.randint(2)]
            said.append(f"{one_of(random, OPENINGS)} {concern}")
        elif kind < 0.8:
            said.append(one_of(random, OF_GENDERS[gender if random.rand() < 0.9 else 1 - gender]))
        else:
            said.append(one_of(random, CHATTER))
    return " ".join(said)


def _around(random: np.random.RandomState, phrases: Sequence[str], place: float) -> str:
    """The phrase at ``place``, 0 to 1, in their order, or one beside it."""
    index = int(place * (len(phrases) - 1)) + random.randint(-1, 2)
    return phrases[min(max(index, 0), len(phrases) - 1)]
