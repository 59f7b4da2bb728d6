"""What arrays become: kinds by shape and type, values that a model takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from search_spaces import signature
from search_spaces.datasets.dataset import Array
from search_spaces.datasets.files import Told
from search_spaces.signature import Field
from tests.unit.search_spaces.files.making import npz, read, refusal, whole

N = 30
RANDOM = np.random.default_rng(1)
LABELS = np.arange(N) % 3
BYTES = RANDOM.integers(0, 256, (N, 6, 5, 3), dtype=np.uint8)
FLOATS = RANDOM.normal(size=(N, 6, 5, 3))
TOKENS = RANDOM.integers(0, 50, (N, 6))
TOKENS[7, 3] = 49


@pytest.mark.parametrize(
    ("array", "field"),
    [
        (FLOATS[:, 0, 0, 0], signature.vector("x", 1)),
        (FLOATS[:, 0, 0], signature.vector("x", 3)),
        (FLOATS[:, 0, 0] > 0, signature.vector("x", 3)),
        (BYTES[:, 0, 0], signature.vector("x", 3)),
        (TOKENS, signature.tokens("x", 6, 50)),
        (TOKENS - 25, signature.vector("x", 6)),
        (TOKENS * 10**6, signature.vector("x", 6)),
        (FLOATS[..., 0], signature.sequence("x", 6, 5)),
        (BYTES[..., 0], signature.image("x", 6, 5, 1)),
        (BYTES, signature.image("x", 6, 5, 3)),
        (FLOATS, signature.image("x", 6, 5, 3)),
    ],
)
def test_kind_of_an_input_by_shape_and_type(tmp_path: Path, array: Array, field: Field) -> None:
    description, _ = read(npz(tmp_path / "a.npz", x=array, y=LABELS))
    assert description.signature.inputs == (field,)


@pytest.mark.parametrize(
    ("array", "kind", "field"),
    [
        (TOKENS, "vector", signature.vector("x", 6)),
        (TOKENS.astype(float), "tokens", signature.tokens("x", 6, 50)),
        (FLOATS[..., 0], "image", signature.image("x", 6, 5, 1)),
        (BYTES[..., 0], "sequence", signature.sequence("x", 6, 5)),
    ],
)
def test_kind_of_an_input_as_told(tmp_path: Path, array: Array, kind: Any, field: Field) -> None:
    description, _ = read(npz(tmp_path / "a.npz", x=array, y=LABELS), Told(kinds={"x": kind}))
    assert description.signature.inputs == (field,)


@pytest.mark.parametrize(
    ("array", "field"),
    [
        (LABELS, signature.label("y", 3)),
        (LABELS.reshape(N, 1), signature.label("y", 3)),
        (LABELS.astype(np.uint8), signature.label("y", 3)),
        (np.eye(3)[LABELS], signature.label("y", 3)),
        (np.eye(3, dtype=bool)[LABELS], signature.label("y", 3)),
        (LABELS + 5, signature.label("y", 3, ("5", "6", "7"))),
        (LABELS > 0, signature.label("y", 2, ("False", "True"))),
        (np.array(["b", "ä", "c"])[LABELS], signature.label("y", 3, ("b", "c", "ä"))),
        (np.array([b"b", b"a", b"c"])[LABELS], signature.label("y", 3, ("a", "b", "c"))),
        (np.arange(N), signature.number("y")),
        (FLOATS[:, 0, 0, 0], signature.number("y")),
        (FLOATS[:, 0, 0, :1], signature.number("y")),
        (LABELS.astype(float), signature.number("y")),
    ],
)
def test_kind_of_an_output_by_type_and_values(tmp_path: Path, array: Array, field: Field) -> None:
    description, _ = read(npz(tmp_path / "a.npz", x=FLOATS[:, 0, 0], y=array))
    assert unscaled(*description.signature.outputs) == (field,)


def unscaled(*fields: Field) -> tuple[Field, ...]:
    return tuple(replace(field, mean=None, deviation=None) for field in fields)


def test_a_number_has_mean_and_deviation_of_the_training_part_alone(tmp_path: Path) -> None:
    y_train = np.array([100_000.0, 300_000.0] * 10)
    path = npz(
        tmp_path / "a.npz",
        x_train=FLOATS[:20, 0, 0],
        y_train=y_train,
        x_test=FLOATS[:2, 0, 0],
        y_test=np.array([9e9, -9e9]),
        x_val=FLOATS[:2, 0, 0],
        y_val=np.array([9e9, -9e9]),
    )
    (field,) = read(path)[0].signature.outputs
    assert (field.mean, field.deviation) == (200_000.0, 100_000.0)


def test_kind_of_an_output_as_told(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x=TOKENS, y=LABELS.astype(float), y_age=LABELS)
    by_task, _ = read(path, Told(task="classification"))
    assert by_task.signature.outputs == (signature.label("y", 3), signature.label("age", 3))
    by_name, _ = read(path, Told(task="classification", kinds={"age": "number"}))
    assert unscaled(*by_name.signature.outputs) == (
        signature.label("y", 3),
        signature.number("age"),
    )


def test_labels_are_counted_from_0_in_the_order_of_their_names(tmp_path: Path) -> None:
    _, dataset = read(npz(tmp_path / "a.npz", x=np.arange(float(N)), y=LABELS + 5))
    rows = whole(dataset, "x")[:, 0].astype(int)
    assert (whole(dataset, "y") == LABELS[rows]).all()


@pytest.mark.parametrize(
    ("array", "brightest"),
    [
        (BYTES, 255),
        (BYTES.astype(float), 255),
        (BYTES.astype(np.int64) * 257, 65535),
        (BYTES / 255, 1),
        (FLOATS, 1),
        (FLOATS * 1000, 1),
    ],
)
def test_brightness_goes_from_0_to_1(tmp_path: Path, array: Array, brightest: float) -> None:
    path = npz(tmp_path / "a.npz", x=array, y=LABELS, x_row=np.arange(float(N)))
    description, dataset = read(path)
    rows = whole(dataset, "row")[:, 0].astype(int)
    wanted = array[rows].astype(np.float32) / np.float32(brightest)
    np.testing.assert_array_equal(whole(dataset, "x"), wanted)
    told = any(note.startswith("x: values") for note in description.notes)
    assert told == (array.dtype != np.uint8 and (brightest != 1 or array.max() > 1))


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["<f8", ">f8", "<f4", ">f4", "<f2"]).flatmap(
        lambda dtype: hnp.arrays(
            np.dtype(dtype),
            st.tuples(st.integers(5, 12), st.integers(1, 4)),
            elements=st.floats(-100, 100, width=16),
        )
    ),
    st.sampled_from(["C", "F"]),
)
def test_vectors_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, array: Array, order: Any
) -> None:
    path = tmp_path_factory.mktemp("arrays") / "a.npz"
    rows = np.arange(len(array), dtype=np.float64)
    _, dataset = read(npz(path, x=np.asarray(array, order=order), y=rows))
    order_of_rows = whole(dataset, "y").astype(int)
    assert sorted(order_of_rows) == list(range(len(array)))
    np.testing.assert_array_equal(whole(dataset, "x"), array.astype(np.float32)[order_of_rows])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_no_number_is_refused_with_its_row(tmp_path: Path, value: float) -> None:
    broken = FLOATS.copy()
    broken[17, 2, 1, 0] = value
    message = refusal(npz(tmp_path / "a.npz", x=broken, y=LABELS))
    assert message.startswith(f"x, row 17: {value} is no number")
    targets = FLOATS[:, 0, 0, 0].copy()
    targets[3] = value
    message = refusal(npz(tmp_path / "a.npz", x=FLOATS, y=targets))
    assert message.startswith(f"y, row 3: {value} is no number")


@pytest.mark.parametrize(
    ("x", "y", "told", "message"),
    [
        (np.array(["a"] * N), LABELS, Told(), "x: holds texts; texts come in"),
        (FLOATS[:, :1, :, :1].repeat(3, 1), LABELS, Told(), None),
        (
            np.moveaxis(FLOATS, -1, 1),
            LABELS,
            Told(),
            "x: has shape (30, 3, 6, 5), with the channels",
        ),
        (
            FLOATS,
            LABELS,
            Told(kinds={"x": "vector"}),
            "x: has shape (30, 6, 5, 3), vector has (n,)",
        ),
        (FLOATS, LABELS, Told(kinds={"x": "class"}), "x: is an input and cannot be a class"),
        (FLOATS, LABELS, Told(kinds={"y": "image"}), "y: is an output and cannot be image"),
        (FLOATS, LABELS, Told(kinds={"z": "image"}), 'kinds are told of "z", which is not there'),
        (TOKENS - 9, LABELS, Told(kinds={"x": "tokens"}), "x: tokens are whole numbers from 0"),
        (TOKENS / 2, LABELS, Told(kinds={"x": "tokens"}), "x: tokens are whole numbers from 0"),
        (FLOATS, LABELS * 0, Told(), 'y: all training examples are of one class, "0"'),
        (FLOATS, LABELS * 0.5 + 0.3, Told(task="classification"), "y, row 0: 0.3 is no class"),
        (FLOATS, LABELS * 0.0, Told(), "y: all training examples have the same value, 0"),
        (
            FLOATS,
            np.arange(N),
            Told(task="classification"),
            "y: every training example has a class",
        ),
        (
            FLOATS,
            np.array(list("ab") * 15),
            Told(task="regression"),
            "y: holds texts, and no numbers",
        ),
        (FLOATS, FLOATS[:, 0, 0], Told(), "y, row 0: has 3 columns that are not one-hot"),
        (FLOATS, FLOATS[:, 0], Told(), "y: has shape (30, 5, 3); an output is (n,)"),
        (FLOATS, LABELS[:9], Told(), "y: has 9 examples, x has 30"),
        (FLOATS[:1], LABELS[:1], Told(), "x: has a single example"),
        (FLOATS[:2], LABELS[:2], Told(), "2 examples to divide; at least 3"),
        (FLOATS[:0], LABELS[:0], Told(), "x: has shape (0, 6, 5, 3) of float64; it is empty"),
        (FLOATS * 1j, LABELS, Told(), "x: holds complex numbers"),
        (
            FLOATS[np.newaxis],
            LABELS,
            Told(),
            "x: has shape (1, 30, 6, 5, 3); the examples come first",
        ),
        (FLOATS, np.zeros(N, "M8[s]"), Told(), "y: holds dates"),
        (np.zeros(N, [("a", "f4")]), LABELS, Told(), "x: is a structured array"),
        (
            FLOATS,
            np.full(N, 2**64 - 1, np.uint64),
            Told(),
            "y, row 0: 18446744073709551615 is too large",
        ),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(
    tmp_path: Path, x: Array, y: Array, told: Told, message: str | None
) -> None:
    path = npz(tmp_path / "a.npz", x=x, y=y)
    if message is None:
        read(path, told)
    else:
        assert refusal(path, told).startswith(message)
