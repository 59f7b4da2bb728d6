"""Data sets are the same every time, split fairly, and scaled without a look at what is held back."""

import numpy as np
import pytest

from search_spaces import datasets
from search_spaces.datasets import Dataset, registry, split
from search_spaces.errors import UnknownDataset

HASHES = {
    "breast_cancer": "5b02681d30f0752b1e464034b4002a49bdc744c7755fdc5bfe292736aeec7177",
    "digits": "01057f667911e3f47228b3c9b15f0dc04d318010ac1d2ff22e61f7e060392d54",
}


@pytest.fixture(params=datasets.names(), scope="module")
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


def test_every_class_is_split_alike(dataset: Dataset) -> None:
    sizes = dataset.sizes
    whole = sum(sizes.values())
    assert abs(sizes["train"] / whole - 0.6) < 0.01
    shares = [
        np.bincount(part.outputs["label"]) / len(part)
        for part in (dataset.train, dataset.validation, dataset.test)
    ]
    assert np.allclose(shares[0], shares[1], atol=0.01)
    assert np.allclose(shares[0], shares[2], atol=0.01)


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


def test_pictures_are_scaled_to_one() -> None:
    image = datasets.load("digits").train.inputs["image"]
    assert (image.min(), image.max()) == (0.0, 1.0)


def test_vectors_are_standardised_by_the_training_part_alone() -> None:
    cancer = datasets.load("breast_cancer")
    features = cancer.train.inputs["features"]
    assert np.allclose(features.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(features.std(axis=0), 1, atol=1e-5)
    assert not np.allclose(cancer.test.inputs["features"].mean(axis=0), 0, atol=1e-3)


def test_unknown_dataset_names_the_known_ones() -> None:
    with pytest.raises(UnknownDataset, match=r'"digit"; known: breast_cancer, digits'):
        datasets.load("digit")


def test_every_registered_module_names_itself() -> None:
    assert [datasets.load(name).name for name in registry.MODULES] == list(registry.MODULES)
