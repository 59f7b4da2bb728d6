"""Made data sets say that they are synthetic, and their labels follow from what they show."""

import numpy as np
import pytest

from search_spaces import datasets
from search_spaces.datasets import Dataset, made_pairs, made_reviews, made_stories
from search_spaces.datasets.words import numbered

MADE = [name for name in datasets.names() if name.startswith("made_")]


@pytest.fixture(params=MADE, scope="module")
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return datasets.load(request.param)


def test_six_are_made() -> None:
    assert len(MADE) == 6


def test_made_data_says_that_it_is_synthetic(dataset: Dataset) -> None:
    assert dataset.summary.startswith("Synthetic")
    assert dataset.source.startswith("synthetic")


def test_making_leaves_numpys_own_randomness_alone() -> None:
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    for name in MADE:
        datasets.load(name)
    assert np.random.rand() == expected


def test_tokens_are_words_then_padding(dataset: Dataset) -> None:
    for field in dataset.signature.inputs:
        if field.kind != "tokens":
            continue
        array = np.concatenate([part.inputs[field.name] for part in (dataset.train, dataset.test)])
        assert field.vocabulary is not None
        assert array.min() >= 0
        assert array.max() < field.vocabulary
        padding = array == 0
        assert (np.diff(padding.astype(int), axis=1) >= 0).all()
        assert not padding[:, 0].any()


def test_words_are_numbered_by_the_alphabet_and_cut_at_the_length() -> None:
    table, words = numbered(["b a", "c a b c"], length=3)
    assert table.tolist() == [[2, 1, 0], [3, 1, 2]]
    assert words == ("", "a", "b", "c")


def test_answer_is_where_the_person_went_last() -> None:
    random = np.random.RandomState(0)
    for _ in range(200):
        text, question, answer = made_stories.story(random)
        words, asked = text.split(), question.split()[-1]
        last = len(words) - 1 - words[::-1].index(asked)
        places = [word for word in words[last:] if word in made_stories.PLACES]
        assert places[0] == made_stories.PLACES[answer]


def test_agreeing_sentences_mean_the_same_in_mostly_other_words() -> None:
    random = np.random.RandomState(0)
    pairs = [made_pairs.agreeing(random) for _ in range(200)]
    assert all(meanings(left) == meanings(right) for left, right in pairs)
    assert sum(left != right for left, right in pairs) > 150


def test_differing_sentences_differ_in_one_meaning_or_a_denial() -> None:
    random = np.random.RandomState(0)
    for _ in range(200):
        left, right = (meanings(text) for text in made_pairs.differing(random))
        assert len(left ^ right) in (1, 2)


def meanings(text: str) -> set[str]:
    """What a sentence says, each in the first of the ways to say it."""
    lists = (made_pairs.WHO, made_pairs.DOES, made_pairs.WHAT, made_pairs.WHEN)
    said = {ways[0] for ways in sum(lists, ()) if any(f" {way} " in f" {text} " for way in ways)}
    return said | ({"not"} if set(text.split()) & set(made_pairs.NOT) else set())


def test_positive_reviews_praise_more_than_they_blame() -> None:
    random = np.random.RandomState(0)
    praise = [[praises(made_reviews.review(random, side)) for _ in range(200)] for side in (0, 1)]
    assert np.mean(praise[0]) < -1.5
    assert np.mean(praise[1]) > 1.5


def praises(text: str) -> int:
    """Words of praise, less those of blame; a negation turns the next one round."""
    balance, sign = 0, 1
    for word in text.split():
        if word in {"not", "never", "hardly", "anything"}:
            sign = -1
        elif word in made_reviews.GOOD or word in made_reviews.BAD:
            balance += sign if word in made_reviews.GOOD else -sign
            sign = 1
    return balance


def test_posts_have_their_outputs_in_the_order_of_the_book() -> None:
    outputs = datasets.load("made_posts").signature.outputs
    assert [(field.name, field.classes) for field in outputs] == [
        ("age", None),
        ("income", 10),
        ("gender", 2),
    ]


def test_shift_between_the_cameras_tells_the_distance() -> None:
    train = datasets.load("made_cameras").train
    columns = np.arange(32)
    middles = []
    for side in ("left", "right"):
        bright = np.where(train.inputs[side][..., 0] > 0.3, train.inputs[side][..., 0], 0)
        middles.append((bright * columns).sum(axis=(1, 2)) / bright.sum(axis=(1, 2)))
    shift = middles[0] - middles[1]
    assert np.corrcoef(10 / shift, train.outputs["distance"])[0, 1] > 0.95


def test_things_lie_within_both_pictures() -> None:
    train = datasets.load("made_cameras").train
    for side in ("left", "right"):
        edges = train.inputs[side][:, :, [0, -1]]
        assert edges.max() < 0.1


def test_shapes_cover_what_they_should() -> None:
    shapes = datasets.load("made_shapes")
    (output,) = shapes.signature.outputs
    light = (shapes.train.inputs["image"].min(axis=-1) > 0.45).mean(axis=(1, 2))
    cover = {
        name: light[shapes.train.outputs["shape"] == index].mean()
        for index, name in enumerate(output.class_names)
    }
    assert max(cover, key=lambda name: cover[name]) in ("circle", "square")
    assert cover["circle"] > cover["ring"] > cover["cross"]
    assert cover["square"] > cover["triangle"]
