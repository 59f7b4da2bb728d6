"""Sentences of made data sets: drawn word by word, then numbered."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from search_spaces.datasets.dataset import Array

Item = TypeVar("Item")


def listed(phrases: str) -> tuple[str, ...]:
    """Phrases between bars."""
    return tuple(phrase.strip() for phrase in phrases.split("|"))


def one_of(random: np.random.RandomState, items: Sequence[Item]) -> Item:
    return items[random.randint(len(items))]


def numbered(texts: Sequence[str], length: int) -> tuple[Array, tuple[str, ...]]:
    """Texts to (n, length) numbers of their words, zeros behind, and the words by number, none for the zero.

    What is longer is cut. Words are numbered from 1 in the order of the alphabet: a text has the same numbers
    everywhere.
    """
    split = [text.split() for text in texts]
    words = ("", *sorted(set().union(*split)))
    known = {word: number for number, word in enumerate(words)}
    table = np.zeros((len(texts), length), dtype=np.int32)
    for row, said in zip(table, split, strict=True):
        row[: len(said)] = [known[word] for word in said[:length]]
    return table, words
