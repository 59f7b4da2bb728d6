"""Class folders of pictures and of texts."""

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from search_spaces import signature
from search_spaces.datasets import files
from search_spaces.datasets.files import BadFile, Limits, Told
from search_spaces.datasets.files import pictures as reading
from tests.unit.search_spaces.files.making import (
    encoded,
    picture,
    pictures,
    read,
    refusal,
    whole,
    zipped,
)
from tests.unit.search_spaces.files.test_npz import damaged

TEXTS = {
    f"{name}/{number}.txt": f"{name} like the number {number}".encode()
    for name in ("cats", "dogs")
    for number in range(10)
}


def test_classes_are_called_as_their_folders(tmp_path: Path) -> None:
    description, dataset = read(zipped(tmp_path / "a.zip", pictures(("dogs", "cats"), each=10)))
    assert description.summary == "20 images of 8x8x1 in 2 classes."
    assert description.signature.inputs == (signature.image("image", 8, 8, 1),)
    assert description.signature.outputs == (signature.label("label", 2, ("cats", "dogs")),)
    assert description.sizes == {"train": 12, "validation": 4, "test": 4}
    assert np.bincount(dataset.test.outputs["label"]).tolist() == [2, 2]


def test_pictures_stay_with_their_class(tmp_path: Path) -> None:
    members = {
        f"{name}/{number}.png": encoded(Image.new("L", (4, 4), shade))
        for name, shade in (("bright", 255), ("dark", 0))
        for number in range(5)
    }
    _, dataset = read(zipped(tmp_path / "a.zip", members))
    np.testing.assert_array_equal(
        whole(dataset, "image").mean(axis=(1, 2, 3)), 1 - whole(dataset, "label")
    )


@pytest.mark.parametrize("validation", ["val", "validation"])
def test_parts_are_kept_and_what_is_around_them_does_not_matter(
    tmp_path: Path, validation: str
) -> None:
    members = {
        **pictures(each=5, around="data/mine/train/"),
        **pictures(each=2, around=f"data/mine/{validation}/"),
        **pictures(each=3, around="data/mine/Test/"),
        "__MACOSX/data/._1.png": b"",
        "data/.DS_Store": b"",
        "data/README.txt": b"hello",
    }
    description, _ = read(zipped(tmp_path / "a.zip", members))
    assert description.sizes == {"train": 10, "validation": 4, "test": 6}
    assert description.notes == (
        "hidden files left out: 2",
        "files of other types left out: 1, such as data/README.txt",
    )


def test_all_formats_are_read_and_colour_makes_all_colourful(tmp_path: Path) -> None:
    members = {
        f"{name}/{number}.{format}": picture(number, mode="RGB", format=format.upper())
        for name in ("a", "b")
        for number, format in enumerate(("png", "jpeg", "bmp", "gif", "webp"))
    }
    description, _ = read(zipped(tmp_path / "a.zip", {**members, "a/grey.png": picture()}))
    assert description.summary == "11 images of 8x8x3 in 2 classes."


def test_different_sizes_become_the_median_or_the_size_told(tmp_path: Path) -> None:
    members = {**pictures(each=3), "cats/large.png": picture(size=(30, 20))}
    description, _ = read(zipped(tmp_path / "a.zip", members))
    assert description.signature.inputs[0].shape == (8, 8, 1)
    assert "pictures resized to 8x8: 1" in description.notes
    description, _ = read(tmp_path / "a.zip", Told(image_size=(12, 10)))
    assert description.signature.inputs[0].shape == (12, 10, 1)
    assert "pictures resized to 12x10: 7" in description.notes
    assert refusal(tmp_path / "a.zip", Told(image_size=(0, 10))).startswith("image_size is [0, 10]")


def test_the_common_size_is_no_larger_than_256_and_keeps_its_proportions() -> None:
    sizes = [reading.PictureSize(1000, 2000, 3)] * 2 + [reading.PictureSize(10, 10, 3)]
    assert reading.common_size(sizes) == (128, 256)


def test_photographs_are_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("L", (20, 10)), "JPEG", exif=exif)
    size = reading.measured(data, "a.jpg")
    assert size == reading.PictureSize(20, 10, 1)
    assert reading.pixels(data, size, "a.jpg").shape == (20, 10, 1)


def test_16_bits_of_grey_keep_their_brightness() -> None:
    deep = encoded(Image.fromarray(np.array([[0, 32896, 65535]], np.uint16)))
    size = reading.measured(deep, "a.png")
    values = reading.pixels(deep, size, "a.png")
    np.testing.assert_array_equal(values[..., 0] * 255, [[0, 128, 255]])


def test_a_picture_of_too_many_pixels_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = encoded(Image.new("1", (12_000, 9_000)))
    path = zipped(tmp_path / "a.zip", {**pictures(), "cats/bomb.png": bomb})
    monkeypatch.delattr(Image.Image, "resize")
    assert refusal(path) == "cats/bomb.png: has 108,000,000 pixels; at most 100,000,000 are allowed"


def test_texts_become_tokens(tmp_path: Path) -> None:
    members = {**TEXTS, "cats/marked.txt": b"\xef\xbb\xbfcats", "dogs/empty.txt": b" "}
    description, dataset = read(zipped(tmp_path / "a.zip", members))
    (field,) = description.signature.inputs
    assert (field.name, field.kind, field.shape) == ("text", "tokens", (5,))
    assert "texts without words: 1" in description.notes
    assert description.summary == "22 texts of 5 tokens in 2 classes."
    (word,) = {row[0] for row in dataset.train.inputs["text"][dataset.train.outputs["label"] == 0]}
    assert word not in dataset.train.inputs["text"][dataset.train.outputs["label"] == 1]
    for part in (dataset.validation, dataset.test):
        assert {row[0] for row in part.inputs["text"][part.outputs["label"] == 0]} == {word}


def test_a_server_describes_without_keras(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", TEXTS)
    script = (
        "import sys; from pathlib import Path; from search_spaces.datasets import files;"
        "files.describe(Path(sys.argv[1]), 'zip', files.Told(), files.Limits());"
        "print({'keras', 'tensorflow', 'sklearn'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.zip")]
    assert subprocess.check_output(command, text=True).strip() == "set()"


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ({"cats/broken.png": b"no picture"}, "cats/broken.png: is no picture that can be read"),
        ({"cats/cut.png": picture()[:60]}, "cats/cut.png: is no picture that can be read"),
        ({"cats/empty.png": b""}, "cats/empty.png: is no picture that can be read"),
        ({"cats/a.txt": b"meow"}, "cats/a.txt: is a text, cats/0.png is a picture"),
        ({"cats/more.zip": b""}, "cats/more.zip: is an archive in the archive"),
        ({"birds/": b""}, "birds/: is an empty folder"),
        ({"outside.png": picture()}, "outside.png: is outside the class folders; expected"),
        ({"train/cats/1.png": picture()}, 'train/: is a part, and "cats" beside it is none'),
        ({"../cats/1.png": picture()}, "../cats/1.png: its name climbs out"),
    ],
)
def test_what_is_no_tree_of_pictures_is_refused(
    tmp_path: Path, added: dict[str, bytes], message: str
) -> None:
    path = zipped(tmp_path / "a.zip", {**pictures(), **added})
    assert refusal(path).startswith(message)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "holds neither pictures nor texts; expected"),
        ({"a/b.csv": b"1"}, "holds neither pictures nor texts; expected"),
        (pictures(("cats",)), 'all examples are of one class, "cats"'),
        ({"cats/1.png": picture()}, 'all examples are of one class, "cats"'),
        (pictures(each=1), "2 examples to divide; at least 3 are needed"),
        (pictures(around="test/"), "there is no training part; found: test"),
        (
            {**pictures(around="train/"), **pictures(("cats", "cows"), around="test/")},
            'test/cows/0.png: its class "cows" is not in the training part',
        ),
        ({**TEXTS, "cats/latin.txt": b"\xe4"}, "cats/latin.txt: is not UTF-8"),
        ({**TEXTS, "README.txt": b"hello"}, "README.txt: is outside the class folders"),
        ({"a/1.txt": b" ", "b/1.txt": b"?", "b/2.txt": b""}, "the training texts have no words"),
    ],
)
def test_folders_that_cannot_be_used_are_refused(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    assert refusal(zipped(tmp_path / "a.zip", members)).startswith(message)


def test_what_class_folders_cannot_be_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", pictures())
    read(path, Told(task="classification", target=("label",), kinds={"image": "image"}))
    assert refusal(path, Told(kinds={"image": "vector"})).startswith('"image" cannot be a vector')
    assert refusal(path, Told(task="regression")).startswith("the folders are classes")


def test_pictures_that_take_too_much_memory_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", pictures())
    told = Told(image_size=(1000, 1000))
    message = refusal(path, told, Limits(unpacked_bytes=10**7))
    assert message.startswith("its 10,000,000 values take 40,000,000 bytes")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_damage_is_refused_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    formats = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
    members = {
        f"{name}/{format}.{format.lower()}": picture(1, (5, 6), "RGB", format)
        for name in "ab"
        for format in formats
    }
    whole_zip = zipped(path, (TEXTS, members)[seed % 2]).read_bytes()
    path.write_bytes(damaged(whole_zip, random.Random(seed)))
    with contextlib.suppress(BadFile):
        files.describe(path, "zip", Told(), Limits(10**6, 100))
