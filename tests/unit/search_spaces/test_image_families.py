"""Image models: the book's blocks, any size of picture, and bases that Keras brings."""

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from search_spaces import registry
from search_spaces.blocks.bases import BASES
from search_spaces.blocks.image import Convolution
from search_spaces.errors import Misfit
from search_spaces.inception import module
from search_spaces.parameters import presets
from search_spaces.pretrained import UnfitWeights, WeightsNotHere
from search_spaces.residual import halving_block, identity_block
from search_spaces.signature import Field, Signature, image, label, number, vector
from tests.unit.search_spaces.training import fit_eagerly

TEN, TWO, PRICE = label("label", 10), label("label", 2), number("price")
INCEPTION_V3, XCEPTION = 21_802_784, 20_861_480
"""Parameters without the top, as Keras documents them."""

VARIED: list[tuple[Field, dict[str, Any]]] = [
    (TEN, {"filters": 16, "depth": 1, "optimizer": "sgd", "momentum": 0.9}),
    (TWO, {"filters": 16, "depth": 2, "activation": "tanh", "batch_norm": True, "dropout": 0.5}),
    (PRICE, {"filters": 16, "depth": 4, "activation": "gelu", "optimizer": "adam"}),
]
SMALL: dict[str, dict[str, Any]] = {
    "dual_camera": {"base": "small", "joint_filters": 16},
    "inception": {"pooling": "max"},
    "residual": {"pooling": "average"},
}
"""What makes each family quick, and other than its default."""


def built(family: str, signature: Signature, values: dict[str, Any]) -> Any:
    return presets.build(registry.build(family, signature), values)


def pictures(family: str, height: int, width: int, channels: int) -> tuple[Field, ...]:
    """The inputs of a family, all of one shape."""
    names = [f"image_{i}" for i in range(len(registry.family(family).inputs))]
    return tuple(image(name, height, width, channels) for name in names)


@cache
def default(family: str) -> tuple[Any, set[str], set[str]]:
    """The model of the book's size, the parameters declared before it was built, and all that were asked for then."""
    hypermodel = registry.build(family, registry.family(family).book)
    hp = presets.Presets({})
    hypermodel.declare_hyperparameters(hp)
    declared = {parameter.name for parameter in hp.space}
    model = hypermodel.build(hp)
    return model, declared, {parameter.name for parameter in hp.space}


def convolution(kernel: int, channels: int, filters: int) -> int:
    return (kernel * kernel * channels + 1) * filters


def inception_module(channels: int) -> int:
    point, large = convolution(1, channels, 128), convolution(3, 128, 128)
    return point + (point + large) + convolution(3, channels, 128) + (point + 2 * large)


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("dual_camera", XCEPTION + convolution(3, 2 * 2048, 64) + (64 + 1) * 10),
        (
            "inception",
            inception_module(3) + 2 * inception_module(512) + (512 + 1) * 32 + (32 + 1) * 10,
        ),
        ("pretrained", INCEPTION_V3 + (2048 + 1) * 256 + (256 + 1)),
        (
            "residual",
            (convolution(3, 3, 128) + convolution(1, 3, 128) + convolution(1, 128, 128))
            + (3 + 2 * 3) * convolution(3, 128, 128)
            + (128 + 1) * 32
            + (32 + 1) * 10,
        ),
    ],
)
def test_defaults_have_the_parameters_that_their_blocks_add_up_to(
    family: str, parameters: int
) -> None:
    assert default(family)[0].count_params() == parameters


@pytest.mark.parametrize("family", ["dual_camera", "inception", "pretrained", "residual"])
def test_build_asks_for_exactly_what_was_declared(family: str) -> None:
    _, declared, asked = default(family)
    assert asked == declared


@pytest.mark.parametrize(("output", "values"), VARIED)
@pytest.mark.parametrize("family", SMALL)
def test_family_fits_an_epoch(family: str, output: Field, values: dict[str, Any]) -> None:
    inputs = pictures(family, 6, 7, 1)
    model = built(family, Signature(inputs, (output,)), SMALL[family] | values)
    rng = np.random.RandomState(0)
    x: Any = {field.name: rng.rand(4, *field.shape).astype("float32") for field in inputs}
    x = x if len(x) > 1 else next(iter(x.values()))
    history = fit_eagerly(model, x, rng.randint(0, output.classes or 100, 4))
    assert set(history) == {"loss", "mae" if output is PRICE else "accuracy"}
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (5, 5), (8, 8), (28, 28), (1, 9)])
@pytest.mark.parametrize("family", SMALL)
def test_family_adapts_to_small_and_grey_pictures(family: str, size: tuple[int, int]) -> None:
    signature = Signature(pictures(family, *size, 1), (TEN,))
    model = built(family, signature, SMALL[family] | {"depth": 4, "filters": 8})
    assert model.output.shape == (None, 10)


def layers_of(model: Any, kind: Any) -> list[Any]:
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_inception_module_has_the_books_four_branches_with_equal_strides() -> None:
    picture = keras.Input((9, 8, 3))
    model = keras.Model(picture, module(picture, 4, Convolution("relu", False), "average"))
    assert model.output.shape == (None, 5, 4, 4 * 4)

    (concatenate,) = layers_of(model, keras.layers.Concatenate)
    branches, strides = [], []
    for end in concatenate.input:
        branch = keras.Model(picture, end)
        steps = layers_of(branch, keras.layers.Conv2D | keras.layers.AveragePooling2D)
        branches.append(
            [
                f"pool {step.pool_size[0]}"
                if isinstance(step, keras.layers.AveragePooling2D)
                else f"conv {step.kernel_size[0]}"
                for step in steps
            ]
        )
        strides.append(np.prod([step.strides for step in steps], axis=0).tolist())
        assert end.shape == (None, 5, 4, 4)
    assert branches == [
        ["conv 1"],
        ["conv 1", "conv 3"],
        ["pool 3", "conv 3"],
        ["conv 1", "conv 3", "conv 3"],
    ]
    assert strides == [[2, 2]] * 4


def projections(model: Any) -> list[Any]:
    return [layer for layer in layers_of(model, keras.layers.Conv2D) if layer.kernel_size == (1, 1)]


def test_residual_block_adds_the_maps_as_they_are_where_shapes_agree() -> None:
    maps = keras.Input((5, 6, 4))
    model = keras.Model(maps, identity_block(maps, Convolution("relu", False)))
    assert model.output.shape == maps.shape
    (add,) = layers_of(model, keras.layers.Add)
    assert any(summand is maps for summand in add.input)
    assert projections(model) == []


def test_residual_block_projects_with_a_stride_where_shapes_differ() -> None:
    maps = keras.Input((5, 6, 3))
    model = keras.Model(maps, halving_block(maps, 4, Convolution("relu", False), "max"))
    assert model.output.shape == (None, 3, 3, 4)
    assert len(layers_of(model, keras.layers.Add)) == 1
    (projection,) = projections(model)
    assert projection.strides == (2, 2)
    assert projection.input is maps


@pytest.mark.parametrize(
    ("size", "values", "sums", "strides"),
    [
        (8, {}, 4, [2, 2]),
        (8, {"depth": 3, "identity_blocks": 3}, 12, [2, 2, 2]),
        (8, {"depth": 1, "identity_blocks": 0}, 1, [2]),
        # One pixel cannot be halved: the first block only changes the channels, and the second has nothing to project.
        (1, {"depth": 2}, 4, [1]),
    ],
)
def test_residual_convnet_projects_once_a_stage(
    size: int, values: dict[str, Any], sums: int, strides: list[int]
) -> None:
    model = built("residual", Signature((image("image", size, size, 3),), (TEN,)), values)
    assert len(layers_of(model, keras.layers.Add)) == sums
    assert [layer.strides[0] for layer in projections(model)] == strides


def test_both_cameras_go_through_one_base() -> None:
    model = default("dual_camera")[0]
    (base,) = layers_of(model, keras.Model)
    assert base.count_params() == XCEPTION
    (concatenate,) = layers_of(model, keras.layers.Concatenate)
    assert [maps.shape for maps in concatenate.input] == [(None, 8, 8, 2048)] * 2
    for entry, maps in zip(model.inputs, concatenate.input, strict=True):
        assert keras.Model(entry, maps).layers[-1] is base


def test_small_base_gives_the_same_maps_for_the_same_picture_on_either_side() -> None:
    signature = Signature(pictures("dual_camera", 8, 8, 3), (TEN,))
    model = built("dual_camera", signature, SMALL["dual_camera"])
    (concatenate,) = layers_of(model, keras.layers.Concatenate)
    both = keras.Model(model.input, concatenate.input)
    picture = np.random.RandomState(0).rand(1, 8, 8, 3).astype("float32")
    left, right = both({"image_0": picture, "image_1": picture})
    assert np.array_equal(left, right)
    left, right = both({"image_0": picture, "image_1": 1 - picture})
    assert not np.array_equal(left, right)


def test_cameras_of_different_shapes_are_refused() -> None:
    signature = Signature((image("left", 8, 8, 3), image("right", 8, 9, 3)), (TEN,))
    with pytest.raises(
        Misfit, match=r'of the same shape; the data has image "left" \(8×8×3\) \+ ima'
    ):
        registry.build("dual_camera", signature)


@pytest.mark.parametrize(
    ("family", "inputs"),
    [
        ("dual_camera", (image("image", 8, 8, 3),)),
        ("dual_camera", (image("image", 8, 8, 3), vector("features", 3))),
        ("inception", (vector("features", 3),)),
        ("pretrained", (vector("features", 3),)),
        ("residual", (image("left", 8, 8, 3), image("right", 8, 8, 3))),
    ],
)
def test_data_that_a_family_cannot_take_is_refused(family: str, inputs: tuple[Field, ...]) -> None:
    with pytest.raises(Misfit, match=f'"{family}" takes as inputs image'):
        registry.build(family, Signature(inputs, (TEN,)))


@pytest.mark.parametrize(
    ("base", "shape", "fitted"),
    [
        ("inception_v3", (1, 1, 1), (75, 75, 3)),
        ("inception_v3", (28, 100, 3), (75, 100, 3)),
        ("xception", (70, 72, 4), (71, 72, 3)),
        ("xception", (250, 250, 3), (250, 250, 3)),
    ],
)
def test_pictures_are_made_fit_for_a_base(
    base: str, shape: tuple[int, int, int], fitted: tuple[int, int, int]
) -> None:
    assert BASES[base].fitted(keras.Input(shape)).shape == (None, *fitted)


def test_a_base_sees_grey_in_three_equal_channels_from_minus_one_to_one() -> None:
    picture = keras.Input((80, 80, 1))
    model = keras.Model(picture, BASES["inception_v3"].fitted(picture))
    for value, seen in ((0.0, -1.0), (0.5, 0.0), (1.0, 1.0)):
        grey = np.full((1, 80, 80, 1), value, "float32")
        assert np.allclose(np.asarray(model(grey)), np.full((1, 80, 80, 3), seen))


def base_of(model: Any) -> Any:
    (base,) = layers_of(model, keras.Model)
    return base


def trained(model: Any) -> list[Any]:
    return [layer for layer in model.layers if layer.trainable]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of weights, which is empty."""
    monkeypatch.setenv("TUNER_WEIGHTS", str(tmp_path))
    return tmp_path


SMALL_PICTURE = Signature((image("image", 8, 8, 1),), (TEN,))


def test_base_without_weights_is_trained_as_a_whole() -> None:
    base = base_of(default("pretrained")[0])
    assert trained(base) == base.layers


def test_base_takes_its_weights_from_a_file_and_keeps_them(weights: Path) -> None:
    origin = base_of(default("pretrained")[0])
    origin.save_weights(weights / "inception_v3_notop.weights.h5")
    model = built("pretrained", SMALL_PICTURE, {"weights": "file"})
    base = base_of(model)
    assert trained(base) == []

    head = model.layers[-1].get_weights()[0]
    x = np.random.RandomState(0).rand(2, 8, 8, 1).astype("float32")
    fit_eagerly(model, x, np.array([3, 7]))
    assert not np.array_equal(model.layers[-1].get_weights()[0], head)
    for mine, its in zip(origin.get_weights(), base.get_weights(), strict=True):
        assert np.array_equal(mine, its)


def test_last_layers_of_a_base_can_be_trained(weights: Path) -> None:
    values = {"base": "xception", "weights": "file", "trained_layers": 6}
    fresh = keras.applications.Xception(weights=None, include_top=False)
    fresh.save_weights(weights / "xception_notop.weights.h5")
    base = base_of(built("pretrained", SMALL_PICTURE, values))
    assert trained(base) == base.layers[-6:]


def test_weights_that_are_not_here_are_named_with_their_folder(weights: Path) -> None:
    with pytest.raises(WeightsNotHere, match=r"put inception_v3_notop\.weights\.h5 into") as caught:
        built("pretrained", SMALL_PICTURE, {"weights": "file"})
    assert str(weights) in str(caught.value)


def test_file_without_such_weights_is_named(weights: Path) -> None:
    file = weights / "xception_notop.weights.h5"
    file.write_bytes(b"none")
    with pytest.raises(UnfitWeights, match=r"xception_notop\.weights\.h5 does not hold the weigh"):
        built("pretrained", SMALL_PICTURE, {"base": "xception", "weights": "file"})
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    other.save_weights(file)
    with pytest.raises(UnfitWeights, match="does not hold the weights of xception"):
        built("pretrained", SMALL_PICTURE, {"base": "xception", "weights": "file"})


def test_imagenet_weights_that_cannot_be_fetched_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(**_: Any) -> None:
        raise Exception("URL fetch failure on https://storage.googleapis.com/…: None")

    monkeypatch.setattr(keras.applications, "InceptionV3", unreachable)
    with pytest.raises(WeightsNotHere, match=r"put inception_v3_weights_tf_.*_notop\.h5 into .*/m"):
        built("pretrained", SMALL_PICTURE, {"weights": "imagenet"})
