"""Synthetic pairs of sentences that mean the same or don't, made on the spot, as in Quora's questions."""

from dataclasses import dataclass, replace

import numpy as np

from search_spaces.datasets import split
from search_spaces.datasets.dataset import Dataset, Part
from search_spaces.datasets.words import numbered, one_of
from search_spaces.signature import Signature, label, tokens

SEED = 2021
PAIRS = 3_000
LENGTH = 16

# Each line is one meaning, in different words.
WHO = (
    ("the doctor", "the physician"),
    ("the teacher", "the instructor"),
    ("the child", "the kid"),
    ("the lawyer", "the attorney"),
    ("the policeman", "the officer"),
    ("the farmer", "the grower"),
    ("the singer", "the vocalist"),
    ("the writer", "the author"),
)
DOES = (
    ("bought", "purchased"),
    ("repaired", "fixed"),
    ("found", "discovered"),
    ("hid", "concealed"),
    ("wanted", "desired"),
    ("lost", "mislaid"),
    ("showed", "presented"),
    ("took", "grabbed"),
)
WHAT = (
    ("the car", "the automobile"),
    ("the picture", "the photo"),
    ("the present", "the gift"),
    ("the bicycle", "the bike"),
    ("the sofa", "the couch"),
    ("the coat", "the jacket"),
    ("the cup", "the mug"),
    ("the letter", "the note"),
)
WHEN = (
    ("last night", "yesterday evening"),
    ("at noon", "at midday"),
    ("at once", "immediately"),
    ("in autumn", "in the fall"),
)
NOT = ("never", "hardly")
DENIED = 0.05
TOLD_BY_DENIAL = 0.6

Pair = tuple[str, str]


@dataclass(frozen=True)
class Meaning:
    who: int
    does: int
    what: int
    when: int
    denied: bool = False

    def said(self, random: np.random.RandomState) -> str:
        """The meaning in words, any of those that it has."""
        when = one_of(random, WHEN[self.when])
        denial = one_of(random, NOT) if self.denied else ""
        doer, does = one_of(random, WHO[self.who]), one_of(random, DOES[self.does])
        rest = f"{doer} {denial} {does} {one_of(random, WHAT[self.what])}"
        return f"{when} {rest}" if random.randint(2) else f"{rest} {when}"


def load() -> Dataset:
    random = np.random.RandomState(SEED)
    same = (np.arange(PAIRS) % 2).astype(np.int32)
    pairs = [agreeing(random) if meant else differing(random) for meant in same]
    # Numbered together: a word is the same word on either side.
    both, words = numbered([left for left, _ in pairs] + [right for _, right in pairs], LENGTH)
    whole = Part({"left": both[:PAIRS], "right": both[PAIRS:]}, {"same": same})
    return Dataset(
        name="made_pairs",
        summary=f"Synthetic: whether two sentences mean the same (1) or not (0), {PAIRS:,} pairs by a small grammar "
        "with synonyms, denials and exchanged words.",
        source="synthetic, made by search_spaces.datasets.made_pairs",
        signature=Signature(
            inputs=(tokens("left", LENGTH, len(words)), tokens("right", LENGTH, len(words))),
            outputs=(label("same", 2, ("different", "same")),),
        ),
        legend={"left": words, "right": words},
        **split.stratified(same, SEED).parts(whole),
    )


def agreeing(random: np.random.RandomState) -> Pair:
    """One meaning said twice; now and then what is meant is a denial."""
    meaning = replace(_meaning(random), denied=bool(random.rand() < DENIED))
    return meaning.said(random), meaning.said(random)


def differing(random: np.random.RandomState) -> Pair:
    """Most differ by a denial on one side, which they can be told by without any comparing; the others by a word.

    Real collections have such traces too (Gururangan and others 2018).
    """
    meaning = _meaning(random)
    told_by_denial = random.rand() < TOLD_BY_DENIAL
    other = replace(meaning, denied=True) if told_by_denial else _changed(random, meaning)
    one, another = meaning.said(random), other.said(random)
    return (one, another) if random.randint(2) else (another, one)


def _meaning(random: np.random.RandomState) -> Meaning:
    who, does, what, when = (random.randint(len(words)) for words in (WHO, DOES, WHAT, WHEN))
    return Meaning(who, does, what, when)


def _changed(random: np.random.RandomState, meaning: Meaning) -> Meaning:
    """Another doer, deed or thing."""
    match random.randint(3):
        case 0:
            return replace(meaning, who=_other(random, meaning.who, len(WHO)))
        case 1:
            return replace(meaning, does=_other(random, meaning.does, len(DOES)))
        case _:
            return replace(meaning, what=_other(random, meaning.what, len(WHAT)))


def _other(random: np.random.RandomState, index: int, count: int) -> int:
    return int(index + random.randint(1, count)) % count
