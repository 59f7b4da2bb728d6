"""Texts are measured without Keras as Keras then makes them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.datasets.files import texts
from search_spaces.datasets.files.texts import TextSize

WORDS = st.lists(st.text(max_size=20), min_size=1, max_size=8).filter(
    lambda found: any(texts.words(text) for text in found)
)


def test_words_are_lower_case_without_punctuation() -> None:
    assert texts.words("Don't  STOP\n(now)!") == [b"dont", b"stop", b"now"]


def test_a_text_is_as_long_as_95_of_100_are() -> None:
    assert texts.measured(["one"] * 95 + ["one two three"] * 5) == TextSize(1, 5)
    assert texts.measured(["one"] * 90 + ["one two three"] * 10) == TextSize(3, 5)


def test_length_and_vocabulary_are_bounded() -> None:
    long = " ".join(f"w{number}" for number in range(texts.LARGEST_VOCABULARY))
    assert texts.measured([long]) == TextSize(texts.LONGEST, texts.LARGEST_VOCABULARY)


@settings(max_examples=10, deadline=None)
@given(WORDS)
def test_keras_finds_the_same_words(training: list[str]) -> None:
    size = texts.measured(training)
    tokens = texts.learned(training, size).tokens([*training, "neverseenbefore"])
    assert tokens.shape == (len(training) + 1, size.length)
    assert tokens.max() < size.vocabulary
    assert tokens[-1, 0] == 1
    assert (tokens[:-1] != 1).all()


def test_frequent_words_have_low_tokens_and_the_end_is_padded() -> None:
    training = ["the cat the dog", "the cat"]
    tokens = texts.learned(training, TextSize(4, 5)).tokens(training)
    assert tokens.tolist() == [[2, 3, 2, 4], [2, 3, 0, 0]]
