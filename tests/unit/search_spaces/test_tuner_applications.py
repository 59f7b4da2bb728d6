"""KerasTuner's own hypermodels learn the data's names and need no network; the rest is as KerasTuner has it."""

from functools import partial
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.src.applications import efficientnet

from search_spaces import preflight, tuner_applications
from search_spaces.parameters import presets
from search_spaces.parameters.discovery import discover
from search_spaces.signature import Signature, image, label
from tuner_service.domain.space import Space

SMALL = Signature(inputs=(image("photo", 8, 8, 1),), outputs=(label("animal", 2),))
NAMES = ("HyperResNet", "HyperXception", "HyperEfficientNet")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """KerasTuner's HyperEfficientNet fetches weights."""
    fresh = partial(keras.applications.EfficientNetB0, weights=None)
    monkeypatch.setitem(efficientnet.EFFICIENTNET_MODELS, "B0", fresh)


def adapted(name: str) -> Any:
    return getattr(tuner_applications, name)(SMALL)


@pytest.mark.parametrize("name", NAMES)
def test_declared_parameters_are_those_that_kerastuners_own_build_asks_for(name: str) -> None:
    asked, declared = keras_tuner.HyperParameters(), keras_tuner.HyperParameters()
    original = getattr(keras_tuner.applications, name)
    original(input_shape=SMALL.inputs[0].shape, classes=2).build(asked)
    adapted(name).declare_hyperparameters(declared)
    assert declared.get_config() == asked.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_default_takes_a_small_picture_of_one_channel_and_two_classes(name: str) -> None:
    model = presets.build(adapted(name), {})
    assert [tensor.name for tensor in model.inputs] == ["photo"]
    pixels = np.zeros((2, 8, 8, 1), "float32")
    found = preflight.examine(model, pixels, np.eye(2), batch_size=2)
    assert found["metrics"] == ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"]
    assert found["layers"][0]["name"] == "photo"
    assert found["layers"][-1]["output_shape"] == [2]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_a_space_that_the_service_accepts(name: str) -> None:
    Space.from_json(discover(adapted(name))).validate()
