"""The families over texts and sequences, and the two ways to write down a dense network."""

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from search_spaces import registry
from search_spaces.blocks.text import CELLS, Reader
from search_spaces.errors import Misfit
from search_spaces.parameters import presets
from search_spaces.signature import Signature, image, label, number, sequence, tokens, vector
from tests.unit.search_spaces.training import answers, fit, fit_eagerly

TEXT = tokens("text", 12, 50)
QUESTION = tokens("question", 4, 30)
STEPS = (sequence("left", 5, 3), sequence("right", 7, 3))
TWO = label("two", 2)
TEN = label("ten", 10)
PRICE = number("price")

SMALL = {
    "text_convnet": Signature((TEXT,), (TWO,)),
    "question_answering": Signature((TEXT, QUESTION), (TEN,)),
    "post_profile": Signature((TEXT,), (PRICE, TEN, TWO)),
    "siamese_lstm": Signature(STEPS, (TWO,)),
}

VARIED: list[tuple[str, Signature, dict[str, Any]]] = [
    ("text_convnet", SMALL["text_convnet"], {}),
    (
        "text_convnet",
        Signature((TEXT,), (PRICE,)),
        {"depth": 4, "kernel": 3, "pool_size": 2, "pooling": "average", "batch_norm": True},
    ),
    (
        "text_convnet",
        Signature((TEXT,), (TEN,)),
        {"depth": 1, "global_pooling": "max", "dropout": 0.5, "activation": "gelu"},
    ),
    ("question_answering", SMALL["question_answering"], {}),
    (
        "question_answering",
        Signature((TEXT, QUESTION), (TWO,)),
        {"cell": "gru", "dense_layers": 2, "batch_norm": True, "dropout": 0.3},
    ),
    ("post_profile", SMALL["post_profile"], {"optimizer": "adam"}),
    (
        "post_profile",
        Signature((TEXT,), (TWO, PRICE, number("size"))),
        {"depth": 1, "kernel": 3, "pool_size": 2, "batch_norm": True, "dropout": 0.2},
    ),
    (
        "siamese_lstm",
        Signature((TEXT, QUESTION), (PRICE,)),
        {"recurrent_layers": 2, "embedding_size": 8, "merging": "compare"},
    ),
    (
        "siamese_lstm",
        Signature((TEXT, QUESTION), (TEN,)),
        {"dense_layers": 1, "dense_width": 8, "activation": "tanh", "optimizer": "sgd"},
    ),
]


def built(family: str, signature: Signature, values: dict[str, Any]) -> Any:
    return presets.build(registry.build(family, signature), values)


def examples(signature: Signature, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Random data of this signature, by field name."""
    rng = np.random.RandomState(0)
    x = {
        field.name: rng.randint(0, field.vocabulary, (count, *field.shape))
        if field.vocabulary is not None
        else rng.normal(size=(count, *field.shape)).astype("float32")
        for field in signature.inputs
    }
    y = {field.name: rng.randint(0, field.classes or 9, count) for field in signature.outputs}
    return x, y


def bare(arrays: dict[str, Any]) -> Any:
    """One array without its name, several with theirs."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def asked(hp: presets.Presets) -> dict[str, Any]:
    """Every parameter that was asked for, and whether it is active."""
    return {p.name: (p.get_config(), hp.is_active(p)) for p in hp.space}


def lstm(inputs: int, units: int) -> int:
    """The parameters of an LSTM: four gates, each over the input, the last state and a bias."""
    return 4 * (inputs + units + 1) * units


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("text_convnet", 2_000 * 128 + (7 * 128 + 1) * 32 + (7 * 32 + 1) * 32 + 33),
        (
            "question_answering",
            10_000 * 64 + lstm(64, 32) + 10_000 * 32 + lstm(32, 16) + (32 + 16 + 1) * 500,
        ),
        (
            "post_profile",
            50_000 * 256
            + (5 * 256 + 1) * 128
            + (5 * 128 + 1) * 256
            + 3 * (5 * 256 + 1) * 256
            + (256 + 1) * 128
            + (128 + 1) * (1 + 10 + 1),
        ),
        ("siamese_lstm", lstm(128, 32) + 2 * 32 + 1),
    ],
)
def test_defaults_are_the_books_model(family: str, parameters: int) -> None:
    assert built(family, registry.family(family).book, {}).count_params() == parameters


def test_text_convnet_has_the_books_size_and_shapes() -> None:
    model = built("text_convnet", registry.family("text_convnet").book, {})
    assert model.count_params() == 291_937
    kinds = (
        layers.Embedding,
        layers.Conv1D,
        layers.MaxPooling1D,
        layers.GlobalAveragePooling1D,
        layers.Dense,
    )
    shapes = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, kinds)]
    assert shapes == [(500, 128), (494, 32), (98, 32), (92, 32), (32,), (1,)]


def test_post_profile_has_the_books_shapes() -> None:
    model = built("post_profile", registry.family("post_profile").book, {})
    kinds = (layers.Conv1D, layers.MaxPooling1D, layers.GlobalMaxPooling1D)
    shapes = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, kinds)]
    assert shapes == [
        (496, 128),
        (99, 128),
        (95, 256),
        (91, 256),
        (18, 256),
        (14, 256),
        (10, 256),
        (256,),
    ]


def test_loss_of_the_default_text_convnet_moves() -> None:
    """The book's listing ends in a linear layer under a loss of probabilities; its log shows 7.7364 in every epoch."""
    keras.utils.set_random_seed(0)
    model = built("text_convnet", SMALL["text_convnet"], {})
    x = np.random.RandomState(0).randint(1, 50, (64, 12))
    losses = fit(model, x, x[:, 0] % 2, epochs=4)["loss"]
    assert len(set(losses)) == 4
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("family", "signature", "values"), VARIED)
def test_family_fits_an_epoch(family: str, signature: Signature, values: dict[str, Any]) -> None:
    model = built(family, signature, values)
    x, y = examples(signature, 8)
    history = fit_eagerly(model, bare(x), bare(y))
    metrics = {f.name: "accuracy" if f.kind == "class" else "mae" for f in signature.outputs}
    if len(metrics) == 1:
        assert set(history) == {"loss", *metrics.values()}
    else:
        assert {f"{name}_{metric}" for name, metric in metrics.items()} < set(history)
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize(("family", "signature", "values"), VARIED)
def test_hyperparameters_are_declared_as_the_build_asks_for_them(
    family: str, signature: Signature, values: dict[str, Any]
) -> None:
    hypermodel = registry.build(family, signature)
    declared, built_with = presets.Presets(values), presets.Presets(values)
    hypermodel.declare_hyperparameters(declared)
    hypermodel.build(built_with)
    assert asked(declared) == asked(built_with)


@pytest.mark.parametrize("family", sorted(SMALL))
def test_parameters_are_the_same_for_every_dataset(family: str) -> None:
    signatures = (SMALL[family], registry.family(family).book)
    declared = [presets.Presets({}) for _ in signatures]
    for signature, hp in zip(signatures, declared, strict=True):
        registry.build(family, signature).declare_hyperparameters(hp)
    assert asked(declared[0]) == asked(declared[1])


@pytest.mark.parametrize("length", [1, 2, 3, 5, 10])
@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("text_convnet", {"depth": 4, "kernel": 9, "pool_size": 2}),
        ("question_answering", {}),
        ("post_profile", {"depth": 3, "kernel": 9, "pool_size": 2, "pooling": "average"}),
        ("siamese_lstm", {}),
    ],
)
def test_family_adapts_to_short_texts(family: str, values: dict[str, Any], length: int) -> None:
    inputs = tuple(tokens(f.name, length, 20) for f in SMALL[family].inputs)
    model = built(family, Signature(inputs, SMALL[family].outputs), values)
    outputs = model.output.values() if isinstance(model.output, dict) else [model.output]
    assert all(len(output.shape) == 2 for output in outputs)


@pytest.mark.parametrize(
    ("family", "signature", "message"),
    [
        (
            "text_convnet",
            Signature((vector("v", 5),), (TWO,)),
            'takes as inputs tokens; .* vector "v"',
        ),
        ("question_answering", Signature((TEXT,), (TEN,)), r"takes as inputs tokens \+ tokens"),
        ("question_answering", Signature((TEXT, QUESTION), (PRICE,)), "takes as outputs class"),
        (
            "post_profile",
            Signature((TEXT,), (PRICE, TWO)),
            r"class or number \+ class or number \+",
        ),
        (
            "siamese_lstm",
            Signature((STEPS[0],), (TWO,)),
            r"tokens or sequence \+ tokens or sequence",
        ),
        (
            "siamese_lstm",
            Signature((STEPS[0], TEXT), (TWO,)),
            r'of the same kind and width; the data has sequence "left" \(5×3\) \+ tokens "text" \(12\)',
        ),
        (
            "siamese_lstm",
            Signature((STEPS[0], sequence("wide", 5, 4)), (TWO,)),
            r'of the same kind and width; .* sequence "wide" \(5×4\)',
        ),
    ],
)
def test_family_refuses_data_that_it_cannot_take(
    family: str, signature: Signature, message: str
) -> None:
    with pytest.raises(Misfit, match=message):
        registry.build(family, signature)


def test_layers_at_the_ends_are_named_after_the_fields() -> None:
    model = built("post_profile", SMALL["post_profile"], {})
    assert [entry.name for entry in model.inputs] == ["text"]
    assert set(model.output) == {"price", "ten", "two"}
    siamese = built("siamese_lstm", SMALL["siamese_lstm"], {})
    assert [entry.name for entry in siamese.inputs] == ["left", "right"]


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ({}, {"price": 0.25, "ten": 1, "two": 10}),
        (
            {"loss_weight_number": 0.5, "loss_weight_classes": 2.0, "loss_weight_binary": 4.0},
            {"price": 0.5, "ten": 2, "two": 4},
        ),
    ],
)
def test_post_profile_weighs_each_loss_by_the_kind_of_its_output(
    values: dict[str, Any], weights: dict[str, float]
) -> None:
    model = built("post_profile", SMALL["post_profile"], values)
    x, y = examples(SMALL["post_profile"], 8)
    losses = model.evaluate(x["text"], y, verbose=0, return_dict=True)
    expected = sum(weight * losses[f"{name}_loss"] for name, weight in weights.items())
    assert losses["loss"] == pytest.approx(expected, rel=1e-4)


# --- reading texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_reader_takes_the_state_after_the_last_token_that_is_not_padding(cell: str) -> None:
    text = np.array([[7, 3, 9, 0, 0], [4, 0, 0, 0, 0], [1, 2, 3, 4, 5], [6, 0, 8, 0, 0]])
    entry = keras.Input((5,), dtype="int32")
    reader = Reader(10, 4, cell, 3, depth=2)
    assert reader.embedding is not None
    states = reader.embedding(entry)
    for layer in reader.recurrent:
        states = layer(states)
    every_state = answers(keras.Model(entry, states), text)
    read = answers(keras.Model(entry, reader(entry)), text)
    assert np.allclose(read, every_state[[0, 1, 2, 3], [2, 0, 4, 2]], atol=1e-6)


def test_padding_at_the_end_changes_no_answer_and_an_empty_text_has_one() -> None:
    short = built("question_answering", SMALL["question_answering"], {})
    long = built("question_answering", Signature((tokens("text", 20, 50), QUESTION), (TEN,)), {})
    long.set_weights(short.get_weights())
    text = np.random.RandomState(0).randint(0, 50, (6, 12))
    text[0] = 0
    question = np.random.RandomState(1).randint(0, 30, (6, 4))
    short_answers = answers(short, {"text": text, "question": question})
    padded = {"text": np.pad(text, ((0, 0), (0, 8))), "question": question}
    assert np.isfinite(short_answers).all()
    assert np.allclose(short_answers, answers(long, padded), atol=1e-6)


@pytest.mark.parametrize(
    ("family", "signature", "values"),
    [
        ("question_answering", SMALL["question_answering"], {}),
        ("siamese_lstm", Signature((TEXT, QUESTION), (TWO,)), {"merging": "compare"}),
        ("dense", Signature((vector("v", 5),), (TWO,)), {"api": "sequential"}),
    ],
)
def test_saved_model_opens_without_this_package(
    family: str, signature: Signature, values: dict[str, Any], tmp_path: Path
) -> None:
    model = built(family, signature, values)
    x, y = examples(signature, 4)
    fit_eagerly(model, bare(x), bare(y))
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as saved:
        assert b"search_spaces" not in saved.read("config.json")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(answers(model, bare(x)), answers(again, bare(x)))


# --- two sequences, one reader --------------------------------------------------------------------


def features_of(model: Any) -> Any:
    """The model up to the two vectors, side by side."""
    (concatenated,) = (part for part in model.layers if isinstance(part, layers.Concatenate))
    return keras.Model(model.inputs, concatenated.output)


@pytest.mark.parametrize(
    ("inputs", "parameters"),
    [
        ((sequence("left", 6, 3), sequence("right", 6, 3)), lstm(3, 8) + 17),
        ((tokens("left", 6, 20), tokens("right", 6, 30)), 30 * 16 + lstm(16, 8) + 17),
    ],
)
def test_siamese_sequences_share_one_lstm(inputs: Any, parameters: int) -> None:
    signature = Signature(inputs, (TWO,))
    model = built("siamese_lstm", signature, {"units": 8, "embedding_size": 16})
    shared = [part for part in model.layers if isinstance(part, layers.LSTM | layers.Embedding)]
    assert sum(isinstance(part, layers.LSTM) for part in shared) == 1
    assert model.count_params() == parameters

    x, _ = examples(signature, 4)
    read = features_of(model)
    left, right = np.split(answers(read, x), 2, axis=1)
    swapped = answers(read, {"left": x["right"], "right": x["left"]})
    assert np.array_equal(swapped, np.concatenate([right, left], axis=1))
    assert not np.allclose(left, right)


def test_training_on_the_left_changes_how_the_right_is_read() -> None:
    signature = SMALL["siamese_lstm"]
    model = built("siamese_lstm", signature, {"units": 8, "learning_rate": 1e-2})
    read = features_of(model)
    x, _ = examples(signature, 16)
    before = np.split(answers(read, x), 2, axis=1)
    # Nothing to learn on the right: every gradient comes from the left.
    fit_eagerly(model, {"left": x["left"], "right": 0 * x["right"]}, x["left"][:, -1, 0] > 0)
    after = np.split(answers(read, x), 2, axis=1)
    assert not np.allclose(before[0], after[0])
    assert not np.allclose(before[1], after[1])


def test_comparing_adds_distance_and_product_of_the_two_vectors() -> None:
    signature = SMALL["siamese_lstm"]
    x, _ = examples(signature, 4)
    model = built("siamese_lstm", signature, {"units": 8, "merging": "compare"})
    left, right, apart, product = np.split(answers(features_of(model), x), 4, axis=1)
    assert np.allclose(apart, abs(left - right), atol=1e-6)
    assert np.allclose(product, left * right, atol=1e-6)


# --- one dense network, written down in two ways --------------------------------------------------


@pytest.mark.parametrize(
    ("signature", "values"),
    [
        (registry.family("dense").book, {}),
        (
            Signature((image("picture", 4, 4, 1),), (PRICE,)),
            {"depth": 3, "batch_norm": True, "dropout": 0.5, "optimizer": "adam"},
        ),
    ],
)
def test_dense_is_the_same_model_through_both_apis(
    signature: Signature, values: dict[str, Any]
) -> None:
    functional = built("dense", signature, values)
    sequential = built("dense", signature, {**values, "api": "sequential"})
    assert isinstance(sequential, keras.Sequential)
    assert not isinstance(functional, keras.Sequential)
    assert [(type(p), p.count_params()) for p in functional.layers[1:]] == [
        (type(p), p.count_params()) for p in sequential.layers
    ]
    assert functional.count_params() == sequential.count_params()
    for model in (functional, sequential):
        assert model.inputs[0].name == signature.inputs[0].name
        assert model.layers[-1].name == signature.outputs[0].name

    sequential.set_weights(functional.get_weights())
    x, y = (bare(arrays) for arrays in examples(signature, 8))
    assert np.array_equal(answers(functional, x), answers(sequential, x))
    assert functional.evaluate(x, y, verbose=0, return_dict=True) == sequential.evaluate(
        x, y, verbose=0, return_dict=True
    )
    configs = [model.optimizer.get_config() for model in (functional, sequential)]
    assert configs[0] | {"name": ""} == configs[1] | {"name": ""}
    assert np.isfinite(fit_eagerly(sequential, x, y)["loss"]).all()


def test_dense_of_the_book_has_its_size_both_ways() -> None:
    book = registry.family("dense").book
    for api in ("functional", "sequential"):
        assert built("dense", book, {"api": api}).count_params() == 2_080 + 1_056 + 330
