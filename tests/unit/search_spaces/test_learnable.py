"""Every data set can be learnt: the family that matches it gets well above chance in a few epochs."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from search_spaces import datasets, registry
from search_spaces.datasets import Dataset, Part
from search_spaces.parameters import presets
from tests.unit.search_spaces.training import answers, fit

SMALL_TEXT = {"embedding_size": 32}


@dataclass(frozen=True)
class Case:
    """``wanted``: what each output must reach in validation, an accuracy of a class, and of a number the mean squared
    error, as a share of that of the best constant. ``values`` keep it short; the rest are the family's defaults."""

    family: str
    dataset: str
    epochs: int
    wanted: dict[str, float]
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.family}-{self.dataset}"


CASES = [
    Case("dense", "breast_cancer", 3, {"label": 0.85}),
    Case("dense", "diabetes", 6, {"progression": 0.75}, {"learning_rate": 1e-2}),
    Case("dense", "digits", 4, {"label": 0.6}),
    Case("dense", "iris", 8, {"label": 0.65}, {"learning_rate": 1e-2}),
    Case("dense", "wine", 10, {"label": 0.7}, {"learning_rate": 3e-3}),
    Case("inception", "digits", 1, {"label": 0.6}, {"filters": 32}),
    Case("residual", "digits", 3, {"label": 0.5}, {"filters": 16}),
    Case(
        "separable_convnet", "made_shapes", 3, {"shape": 0.4}, {"width": 16, "learning_rate": 3e-3}
    ),
    Case("text_convnet", "made_reviews", 3, {"sentiment": 0.75}, {"learning_rate": 3e-3}),
    Case("question_answering", "made_stories", 2, {"answer": 0.4}, {"text_units": 16}),
    Case("siamese_lstm", "made_pairs", 2, {"same": 0.62}, {**SMALL_TEXT, "learning_rate": 4e-3}),
    Case(
        "siamese_lstm",
        "made_pairs",
        3,
        {"same": 0.8},
        {**SMALL_TEXT, "merging": "compare", "learning_rate": 6e-3},
    ),
    Case(
        "post_profile",
        "made_posts",
        5,
        {"age": 0.5, "income": 0.25, "gender": 0.75},
        {"embedding_size": 64, "filters": 32, "depth": 1},
    ),
    Case(
        "dual_camera",
        "made_cameras",
        4,
        {"distance": 0.5},
        {"base": "small", "filters": 8, "optimizer": "adam", "learning_rate": 5e-3},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_matching_family_learns(case: Case) -> None:
    dataset = loaded(case.dataset)
    keras.utils.set_random_seed(2021)
    model = presets.build(registry.build(case.family, dataset.signature), case.values)
    fit(model, *arrays(dataset.train), epochs=case.epochs)
    x, truth = dict(dataset.validation.inputs), dataset.validation.outputs
    predicted = answers(model, x if len(x) > 1 else next(iter(x.values())))
    reached = {
        output.name: achieved(
            predicted[output.name] if len(truth) > 1 else predicted,
            truth[output.name],
            output.classes,
        )
        for output in dataset.signature.outputs
    }
    for output in dataset.signature.outputs:
        if output.kind == "class":
            assert reached[output.name] > case.wanted[output.name], reached
        else:
            assert reached[output.name] < case.wanted[output.name], reached


@cache
def loaded(name: str) -> Dataset:
    return datasets.load(name)


def arrays(part: Part) -> tuple[Any, Any]:
    """As ``fit`` takes them: one array bare, several by name."""
    x, y = dict(part.inputs), dict(part.outputs)
    return (
        x if len(x) > 1 else next(iter(x.values())),
        y if len(y) > 1 else next(iter(y.values())),
    )


def achieved(predicted: Any, truth: Any, classes: int | None) -> float:
    """The accuracy of a class; the share of a number's variance that is left unexplained."""
    if classes is None:
        return float(np.mean((predicted[:, 0] - truth) ** 2) / np.var(truth))
    labels = predicted[:, 0] > 0.5 if classes == 2 else predicted.argmax(axis=1)
    return float(np.mean(labels == truth))


def test_every_data_set_that_needs_no_fetching_is_learnt() -> None:
    assert {case.dataset for case in CASES} == set(datasets.names()) - set(datasets.FETCHED)
