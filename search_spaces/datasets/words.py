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


def numbered(texts: Sequence[str], length: int) -> tuple[Array, int]:
    """Texts to (n, length) numbers of their words, zeros behind, and how many numbers there are, the zero included.

    What is longer is cut. Words are numbered from 1 in the order of the alphabet: a text has the same numbers
    everywhere.
    """
    split = [text.split() for text in texts]
    known = {word: number for number, word in enumerate(sorted(set().union(*split)), start=1)}
    table = np.zeros((len(texts), length), dtype=np.int32)
    for row, words in zip(table, split, strict=True):
        row[: len(words)] = [known[word] for word in words[:length]]
    return table, len(known) + 1
