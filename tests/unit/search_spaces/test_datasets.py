"""Data sets are the same every time, split fairly, and scaled without a look at what is held back."""

import numpy as np
import pytest

from search_spaces import datasets
from search_spaces.datasets import Dataset, split
from search_spaces.errors import UnknownDataset

HASHES = {
    "breast_cancer": "5b02681d30f0752b1e464034b4002a49bdc744c7755fdc5bfe292736aeec7177",
    "diabetes": "ff31ca612cc4d97d61aaa495ad9bdbbbfc7959d57ec09e1a5e3cab355010c5b9",
    "digits": "01057f667911e3f47228b3c9b15f0dc04d318010ac1d2ff22e61f7e060392d54",
    "iris": "5a06fdf5abe63397b56f68f58cf1e43daee2fb0fc50ace935b483432820dea0d",
    "made_cameras": "ddd8808bd7b27626596c3bfb77aba5aaa591a7bf61010bfa7a6fa2dedcfdc0dc",
    "made_pairs": "1e2040e0609cc1f180d269a0a21b48bc7eb8630f4ee7415134fefb224dab7c52",
    "made_posts": "d000785e64be0b5bd2057c32d60597c6c045f02e74846b72353ada8d23ca7f52",
    "made_reviews": "e33cc832b672ccc0ddadd8db32094f78119c12eb473812baa3a5c80e9d61ae0d",
    "made_shapes": "04e968afbd3e0ea84c7ab505288a1137d04a5dda4240f4f5c40f923427dcfd37",
    "made_stories": "5c4b6fa4e563022e2d2eb1087ee37c74872f00db088bfe8e1d538b3b63053d8e",
    "wine": "a601c0ef18281d73b21c59252892f2e662ca7e636bebdb497ed18ddfbd3b4c8f",
}

HERE = [name for name in datasets.names() if name not in datasets.FETCHED]


@pytest.fixture(params=HERE, scope="module")
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return datasets.load(request.param)


def test_hash_is_the_same_every_time(dataset: Dataset) -> None:
    assert dataset.sha256 == HASHES[dataset.name]
    assert datasets.load(dataset.name).sha256 == dataset.sha256


def test_arrays_are_as_the_signature_says(dataset: Dataset) -> None:
    for part in (dataset.train, dataset.validation, dataset.test):
        for fields, arrays in (
            (dataset.signature.inputs, part.inputs),
            (dataset.signature.outputs, part.outputs),
        ):
            assert list(arrays) == [field.name for field in fields]
            for field in fields:
                assert arrays[field.name].shape == (len(part), *field.shape)
                assert arrays[field.name].dtype == field.dtype
                assert np.isfinite(arrays[field.name]).all()


def test_classes_are_as_many_as_the_signature_says(dataset: Dataset) -> None:
    for field in dataset.signature.outputs:
        if field.classes is not None:
            labels = np.unique(dataset.train.outputs[field.name])
            assert labels.tolist() == list(range(field.classes))
            assert len(field.class_names) in (0, field.classes)


def test_parts_are_alike(dataset: Dataset) -> None:
    sizes = dataset.sizes
    whole = sum(sizes.values())
    assert abs(sizes["train"] / whole - 0.6) < 0.01
    field = next(
        (field for field in dataset.signature.outputs if field.kind == "class"),
        dataset.signature.outputs[0],
    )
    train, *others = (
        part.outputs[field.name] for part in (dataset.train, dataset.validation, dataset.test)
    )
    for other in others:
        if field.classes is None:
            assert abs(other.mean() - train.mean()) < 0.1 * train.std()
        else:
            here, there = (np.bincount(labels) / len(labels) for labels in (train, other))
            assert np.allclose(here, there, atol=0.02)


def test_parts_share_no_row() -> None:
    labels = np.repeat(np.arange(10), 37)
    rows = split.stratified(labels, seed=3)
    together = np.concatenate([rows.train, rows.validation, rows.test])
    assert sorted(together.tolist()) == list(range(len(labels)))


def test_seed_decides_about_the_split() -> None:
    labels = np.repeat(np.arange(4), 50)
    first, again, other = (split.stratified(labels, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


@pytest.mark.parametrize("sizes", [(50, 50), (1, 99, 7), (3, 3, 3, 3)])
def test_a_fifth_of_every_class_is_held_out(sizes: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    train, held = split.held_out(labels, seed=3)
    assert sorted([*train, *held]) == list(range(len(labels)))
    assert len(held) == split.held_out_size(len(labels))
    counts = np.bincount(labels[held], minlength=len(sizes))
    assert (np.abs(counts - np.array(sizes) / 5) < 1).all()


def test_tenths_are_equally_full_and_in_order() -> None:
    numbers = np.random.RandomState(0).permutation(1000) ** 2
    tenths = split.tenths(numbers)
    assert np.bincount(tenths).tolist() == [100] * 10
    assert (np.diff(tenths[np.argsort(numbers)]) >= 0).all()


def test_pictures_are_scaled_to_one() -> None:
    image = datasets.load("digits").train.inputs["image"]
    assert (image.min(), image.max()) == (0.0, 1.0)


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "iris", "wine"])
def test_vectors_are_standardised_by_the_training_part_alone(name: str) -> None:
    dataset = datasets.load(name)
    features = dataset.train.inputs["features"]
    assert np.allclose(features.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(features.std(axis=0), 1, atol=1e-5)
    assert not np.allclose(dataset.test.inputs["features"].mean(axis=0), 0, atol=1e-3)


def test_classes_have_their_names() -> None:
    assert datasets.load("iris").signature.outputs[0].class_names == (
        "setosa",
        "versicolor",
        "virginica",
    )


def test_diabetes_is_measured_in_hundreds() -> None:
    progression = datasets.load("diabetes").train.outputs["progression"]
    assert progression.min() >= 0.25
    assert progression.max() <= 3.46


def test_unknown_dataset_names_the_known_ones() -> None:
    for ask in (datasets.load, datasets.missing, datasets.describe):
        with pytest.raises(
            UnknownDataset, match=r'"digit"; known: breast_cancer, .*digits, .*wine'
        ):
            ask("digit")


def test_entry_of_the_catalogue_is_named_as_registered() -> None:
    assert [datasets.describe(name)["name"] for name in datasets.names()] == datasets.names()


def test_nothing_is_missing_of_what_needs_no_fetching() -> None:
    assert [datasets.missing(name) for name in HERE] == [None] * len(HERE)
