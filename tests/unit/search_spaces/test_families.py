"""Every family builds, has the book's size by default, and learns under any of its parameters."""

import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest

from search_spaces import registry
from search_spaces.errors import Misfit, UnknownFamily, UnknownParameter, ValueNotAllowed
from search_spaces.parameters import presets
from search_spaces.signature import Field, Signature
from tests.unit.search_spaces.training import fit_eagerly

IMAGE = Field("image", "image", (8, 8, 1), "float32")
VECTOR = Field("features", "vector", (5,), "float32")
TEN = Field("label", "class", (), "int32", classes=10)
TWO = Field("label", "class", (), "int32", classes=2)
NUMBER = Field("price", "number", (), "float32")

VARIED: list[dict[str, Any]] = [
    {},
    {"depth": 1, "width": 8, "activation": "tanh", "optimizer": "sgd", "momentum": 0.9},
    {"depth": 4, "width": 16, "batch_norm": True, "dropout": 0.5, "optimizer": "adam"},
    {"activation": "gelu", "optimizer": "adam", "weight_decay": 1e-3, "learning_rate": 1e-2},
]


def built(family: str, signature: Signature, values: dict[str, Any]) -> Any:
    return presets.build(registry.build(family, signature), values)


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("dense", 2_080 + 1_056 + 330),
        ("separable_convnet", 155 + 2_400 + 4_736 + 8_896 + 9_408 + 8_896 + 4_128 + 330),
    ],
)
def test_defaults_are_the_books_model(family: str, parameters: int) -> None:
    assert built(family, registry.family(family).book, {}).count_params() == parameters


def test_separable_convnet_has_the_books_shapes() -> None:
    model = built("separable_convnet", registry.family("separable_convnet").book, {})
    shapes = [
        layer.output.shape[1:]
        for layer in model.layers
        if isinstance(layer, keras.layers.SeparableConv2D | keras.layers.MaxPooling2D)
    ]
    assert shapes == [
        (62, 62, 32),
        (60, 60, 64),
        (30, 30, 64),
        (28, 28, 64),
        (26, 26, 128),
        (13, 13, 128),
        (11, 11, 64),
        (9, 9, 128),
    ]


@pytest.mark.parametrize(
    ("values", "output"), list(zip(VARIED, [TEN, TWO, NUMBER, TEN], strict=True))
)
@pytest.mark.parametrize(
    ("family", "field"), [("dense", VECTOR), ("dense", IMAGE), ("separable_convnet", IMAGE)]
)
def test_family_fits_an_epoch(
    family: str, field: Field, output: Field, values: dict[str, Any]
) -> None:
    model = built(family, Signature((field,), (output,)), values)
    rng = np.random.RandomState(0)
    x = rng.rand(8, *field.shape).astype("float32")
    y = rng.randint(0, output.classes or 100, 8)
    history = fit_eagerly(model, x, y, validation_data=(x, y))
    assert set(history) == {
        f"{part}{name}"
        for part in ("", "val_")
        for name in ("loss", "mae" if output is NUMBER else "accuracy")
    }
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("values", VARIED)
@pytest.mark.parametrize(("family", "field"), [("dense", VECTOR), ("separable_convnet", IMAGE)])
def test_hyperparameters_are_declared_as_the_build_asks_for_them(
    family: str, field: Field, values: dict[str, Any]
) -> None:
    hypermodel = registry.build(family, Signature((field,), (TEN,)))
    declared, built_with = presets.Presets(values), presets.Presets(values)
    hypermodel.declare_hyperparameters(declared)
    hypermodel.build(built_with)
    assert asked(declared) == asked(built_with)


def asked(hp: presets.Presets) -> dict[str, Any]:
    """Every parameter that was asked for, and whether it is active."""
    return {p.name: (p.get_config(), hp.is_active(p)) for p in hp.space}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 28, 64])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_separable_convnet_adapts_to_small_pictures(size: int, pooling: str) -> None:
    field = Field("image", "image", (size, size, 3), "float32")
    model = built(
        "separable_convnet", Signature((field,), (TEN,)), {"depth": 4, "pooling": pooling}
    )
    assert model.output.shape == (None, 10)


def test_layers_at_the_ends_are_named_after_the_fields() -> None:
    model = built("dense", Signature((VECTOR,), (NUMBER,)), {})
    assert model.input.name == "features"
    assert model.layers[-1].name == "price"


def test_family_refuses_data_that_it_cannot_take() -> None:
    with pytest.raises(Misfit, match=r'takes as inputs image; the data has vector "features"'):
        registry.build("separable_convnet", Signature((VECTOR,), (TEN,)))


def test_unknown_family_names_the_known_ones() -> None:
    with pytest.raises(UnknownFamily, match=r'"convnt"; known: dense, .*separable_convnet'):
        registry.family("convnt")


def test_parameter_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(
        UnknownParameter, match=r'unknown parameter "widht"; this model has: .*width'
    ):
        built("dense", Signature((VECTOR,), (TEN,)), {"widht": 3})


def test_parameter_of_another_branch_is_refused() -> None:
    with pytest.raises(UnknownParameter, match="weight_decay"):
        built("dense", Signature((VECTOR,), (TEN,)), {"optimizer": "sgd", "weight_decay": 1e-3})


@pytest.mark.parametrize(
    "wrong",
    [{"activation": "swush"}, {"batch_norm": 1}, {"depth": 1.5}, {"depth": True}, {"dropout": "x"}],
)
def test_value_that_the_parameter_cannot_have_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueNotAllowed, match=next(iter(wrong))):
        built("dense", Signature((VECTOR,), (TEN,)), wrong)


def test_number_outside_of_the_range_is_taken_because_a_study_may_widen_it() -> None:
    model = built("dense", Signature((VECTOR,), (TEN,)), {"width": 300, "depth": 1.0})
    assert model.layers[1].units == 300


def test_registry_and_catalogue_do_without_keras() -> None:
    code = (
        "import sys; from search_spaces import registry, catalogue, signature; "
        "catalogue.load_catalogue(); print(sorted({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_signature_survives_json() -> None:
    signature = Signature((IMAGE, VECTOR), (TEN, NUMBER))
    assert Signature.from_json(signature.to_json()) == signature
