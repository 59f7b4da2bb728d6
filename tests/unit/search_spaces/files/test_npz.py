"""Files of named arrays: names, parts, and what is wrong with them by the name of the array."""

import contextlib
import io
import os
import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.datasets import files
from search_spaces.datasets.files import BadFile, Limits, Told
from tests.unit.search_spaces.files.making import NOTHING_TOLD, npz, read, refusal, whole, zipped

N = 20
X = np.random.default_rng(1).normal(size=(N, 2))
Y = np.arange(N) % 2


def names(path: Path, told: Told = NOTHING_TOLD) -> tuple[list[str], list[str]]:
    found = read(path, told)[0].signature
    return [field.name for field in found.inputs], [field.name for field in found.outputs]


def test_x_and_y(tmp_path: Path) -> None:
    description, _ = read(npz(tmp_path / "a.npz", x=X, y=Y))
    assert description.summary == "20 vectors of 2 in 2 classes."
    assert description.sizes == {"train": 12, "validation": 4, "test": 4}
    assert "validation and test: a fifth of the training examples each, at random" in (
        description.notes
    )


@pytest.mark.parametrize("validation", ["x_val y_val", "x_validation y_validation", "val_x val_y"])
def test_parts_of_the_file_are_kept(tmp_path: Path, validation: str) -> None:
    x, y = validation.split()
    arrays = {"X_train": X, "y_train": Y, x: X[:6] + 1, y: Y[:6], "x_test": X[:4], "y_test": Y[:4]}
    _, dataset = read(npz(tmp_path / "a.npz", **arrays))
    np.testing.assert_array_equal(dataset.train.inputs["x"], X.astype(np.float32))
    np.testing.assert_array_equal(dataset.validation.inputs["x"], (X[:6] + 1).astype(np.float32))
    np.testing.assert_array_equal(dataset.test.outputs["y"], Y[:4])


def test_validation_is_taken_from_training_where_the_file_brings_a_test_alone(
    tmp_path: Path,
) -> None:
    path = npz(tmp_path / "a.npz", x_train=X, y_train=Y, x_test=X[:4], y_test=Y[:4])
    description, dataset = read(path)
    assert description.sizes == {"train": 16, "validation": 4, "test": 4}
    np.testing.assert_array_equal(dataset.test.inputs["x"], X[:4].astype(np.float32))


def test_several_inputs_and_outputs_by_sides_or_by_the_target(tmp_path: Path) -> None:
    tokens = np.arange(2 * N).reshape(N, 2)
    wanted = (["text", "question"], ["age", "gender"])
    sided = npz(tmp_path / "a.npz", x_text=tokens, x_question=tokens, y_age=X[:, 0], y_gender=Y)
    assert names(sided) == wanted
    plain = npz(tmp_path / "b.npz", text=tokens, question=tokens, gender=Y, age=X[:, 0])
    assert names(plain, Told(target=("age", "gender"))) == wanted
    parts = npz(tmp_path / "c.npz", text_train=tokens, age_train=Y, text_test=tokens, age_test=Y)
    assert names(parts, Told(target=("age",))) == (["text"], ["age"])


def test_a_lone_label_is_the_target(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", train_images=X, train_labels=Y, test_images=X, test_labels=Y)
    assert names(path) == (["images"], ["labels"])


def test_rows_stay_together(tmp_path: Path) -> None:
    rows = np.arange(N, dtype=np.float64)
    _, dataset = read(npz(tmp_path / "a.npz", x_a=rows, x_b=rows * 2, y=rows))
    order = whole(dataset, "y")
    np.testing.assert_array_equal(whole(dataset, "a")[:, 0], order)
    np.testing.assert_array_equal(whole(dataset, "b")[:, 0], order * 2)


@pytest.mark.parametrize(
    ("arrays", "told", "message"),
    [
        ({}, Told(), "holds no arrays; allowed are x and y"),
        (
            {"arr_0": X, "arr_1": Y},
            Told(),
            "no array is the target; found: arr_0, arr_1; allowed are",
        ),
        ({"y": Y}, Told(), "no array is an input; found: y"),
        (
            {"x": X, "y": Y},
            Told(target=("z",)),
            'there is no array for the target "z"; found: x, y',
        ),
        (
            {"x": X, "y_a": Y, "y_b": Y},
            Told(target=("a",)),
            '"y_b" is not in the target, and no input',
        ),
        ({"x_test": X, "y_test": Y}, Told(), "there is no training part; found: x_test, y_test"),
        ({"x_train": X, "y": Y}, Told(), '"y" is of no part, others are; found'),
        ({"x_train": X, "y_train": Y, "x_test": X}, Told(), '"x_test" has no "y" of the same part'),
        ({"x_a": X, "a": X, "y": Y}, Told(), '"x_a" and "a" are both called "a"'),
        ({"x_val": X, "val_x": X, "y": Y}, Told(), '"x_val" and "val_x" are both called "x"'),
        ({"x/1": X, "x": X, "y": Y}, Told(), '"x/1" has more than letters'),
    ],
)
def test_names_that_do_not_tell_are_refused(
    tmp_path: Path, arrays: dict[str, Any], told: Told, message: str
) -> None:
    assert refusal(npz(tmp_path / "a.npz", **arrays), told).startswith(message)


def test_labels_that_training_does_not_know_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x_train=X, y_train=Y, x_val=X, y_val=Y + (np.arange(N) > 8))
    assert refusal(path) == 'y_val, row 9: class "2" is not in y_train'
    path = npz(tmp_path / "a.npz", x_train=X, y_train=Y, x_val=X, y_val=Y.astype(str))
    assert refusal(path) == "y_val: texts here or in y_train, but not in both"


def test_parts_of_different_shapes_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x_train=X, y_train=Y, x_test=X[:, :1], y_test=Y)
    assert refusal(path) == "x_test: has examples of shape (1,), x_train of (2,)"


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("sprung",)


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = npz(tmp_path / "a.npz", x=X, y=np.array([Trap()] * N, dtype=object))
    assert refusal(path).startswith(
        "y: holds Python objects, which are pickles and never unpickled"
    )
    disguised = zipped(tmp_path / "b.npz", {"x.npy": pickle.dumps(Trap())})
    assert refusal(disguised).startswith("x: its header is damaged")
    assert not Path("sprung").exists()


def test_ragged_lists_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "a.npz", x=np.array([[1], [1, 2], [3]], dtype=object), y=[0, 1, 0])
    assert "ragged lists" in refusal(path)


def member(header: bytes, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x: its header is damaged"),
        (b"nothing of the kind", "x: its header is damaged"),
        (b"\x93NUMPY\x09\x00", "x: its header is damaged"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "x: its header is damaged"),
        (member(b"{'descr': '<f8', 'fortran_order'"), "x: its header is damaged"),
        (member(b"(" * 5000), "x: its header is damaged"),
        (member(b"-" * 9000 + b"1"), "x: its header is damaged"),
        (
            member(b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 9)}\n"),
            "x: its header claims 720,000,000,000 bytes",
        ),
        (
            member(b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}\n", bytes(15)),
            "x: its header claims 16 bytes (shape (2,) of float64), it has 15",
        ),
        (
            member(b"{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -1)}\n", bytes(16)),
            "x: has shape (-2, -1) of float64; it is empty",
        ),
        (
            member(b"{'descr': '<U0', 'fortran_order': False, 'shape': (10000000000,)}\n"),
            "x: has shape (10000000000,) of <U0; it is empty",
        ),
    ],
)
def test_headers_are_checked_before_data_is_read(tmp_path: Path, data: bytes, message: str) -> None:
    path = zipped(tmp_path / "a.npz", {"x.npy": data})
    assert refusal(path).startswith(message)


def test_members_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.npz", {"readme.txt": b"hello"})
    assert refusal(path).startswith("readme.txt: is not an array")


def test_what_unfolds_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros((1000, 1000), np.uint8), y=np.arange(1000) % 2)
    assert "unfolds to" in refusal(path, limits=Limits(unpacked_bytes=10**6))
    # Bytes become 32-bit numbers.
    assert "take 4,004,000 bytes as 32-bit numbers" in refusal(
        path, limits=Limits(unpacked_bytes=2 * 10**6)
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_damage_is_refused_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    stream = io.BytesIO()
    save = (np.savez, np.savez_compressed)[seed % 2]
    save(stream, x_train=X, y_train=Y.astype(str), x_test=X[:4], y_test=Y[:4].astype(str))
    path.write_bytes(damaged(stream.getvalue(), random.Random(seed)))
    with contextlib.suppress(BadFile):
        files.describe(path, "npz", Told(), Limits(10**6, 100))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Cut off, or some bytes changed, mostly within the archive or within one of its members."""
    if chance.random() < 0.1:
        return data[: chance.randrange(len(data))]
    if chance.random() < 0.5:
        return flipped(data, chance)
    # With sums that are right again.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, flipped(content, chance))
    return stream.getvalue()


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3) if data else 0):
        changed[chance.randrange(len(data))] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(changed)
