"""Data sets of ``keras.datasets`` are prepared as the catalogue says, and their absence is explained.

Keras's own loaders read small files of the real format; only the network is replaced.
"""

import gzip
import importlib
import pickle
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras.src.backend import config

from search_spaces import datasets
from search_spaces.datasets import Dataset, from_keras, split
from search_spaces.datasets.from_keras import KerasDataset
from search_spaces.errors import NotHere

Arrays = dict[str, Any]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keras's folder, empty; what is known of the network is forgotten."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    # Keras reads the environment only once, when it is imported.
    monkeypatch.setattr(config, "_KERAS_DIR", str(tmp_path))
    from_keras.reachable.cache_clear()
    yield tmp_path
    from_keras.reachable.cache_clear()


class Network:
    """What answers to a HEAD request, and how often it was asked."""

    def __init__(self, answer: Callable[[urllib.request.Request], Any]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, question: urllib.request.Request, timeout: float) -> Any:
        assert 0 < timeout <= 3
        self.asked.append(question.full_url)
        return self.answer(question)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Network:
    def no_answer(_: urllib.request.Request) -> Any:
        raise urllib.error.URLError("Name or service not known")

    network = Network(no_answer)
    monkeypatch.setattr(urllib.request, "urlopen", network)
    return network


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Network:
    def forbidden(question: urllib.request.Request) -> Any:
        raise urllib.error.HTTPError(question.full_url, 400, "Bad Request", None, None)  # type: ignore[arg-type]  # an answer without headers

    network = Network(forbidden)
    monkeypatch.setattr(urllib.request, "urlopen", network)
    return network


@pytest.fixture
def download(online: Network, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], None]:
    """Makes Keras's download of a data set's file yield a file of ours."""

    def prepared(name: str, file: Path) -> None:
        def get_file(*args: Any, **kwargs: Any) -> str:
            print("Downloading data")
            return str(file)

        monkeypatch.setattr(keras_module(name), "get_file", get_file)

    return prepared


def keras_module(name: str) -> Any:
    return importlib.import_module(f"keras.src.datasets.{name}")


def about(name: str) -> KerasDataset:
    found: KerasDataset = importlib.import_module(f"search_spaces.datasets.{name}").ABOUT
    return found


def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "small.npz", **arrays)
    return folder / "small.npz"


def ragged(lengths: list[int]) -> Any:
    """Texts of word numbers 1, 2, 3 …"""
    texts = np.empty(len(lengths), dtype=object)
    texts[:] = [list(range(1, length + 1)) for length in lengths]
    return texts


def check(dataset: Dataset) -> None:
    """The arrays are as the catalogue's entry, made without them, says."""
    entry = about(dataset.name).describe()
    assert dataset.signature.to_json() == {key: entry[key] for key in ("inputs", "outputs")}
    for part in (dataset.train, dataset.validation, dataset.test):
        for fields, arrays in (
            (dataset.signature.inputs, part.inputs),
            (dataset.signature.outputs, part.outputs),
        ):
            assert list(arrays) == [field.name for field in fields]
            for field in fields:
                assert arrays[field.name].shape == (len(part), *field.shape)
                assert arrays[field.name].dtype == field.dtype


def test_imdb_is_cut_to_its_frequent_words_and_padded(
    tmp_path: Path, download: Callable[[str, Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ragged([3, 2_500, 7, 1, 4, 5, 6, 8, 9, 10])
    labels = np.arange(10) % 2
    download("imdb", npz(tmp_path, x_train=texts, y_train=labels, x_test=texts, y_test=labels))
    imdb = datasets.load("imdb")
    check(imdb)
    assert imdb.sizes == {"train": 8, "validation": 2, "test": 10}
    assert sorted(imdb.validation.outputs["label"].tolist()) == [0, 1]
    test = imdb.test.inputs["text"]
    assert test.max() < 2_000
    filled = (test != 0).sum(axis=1)
    assert sorted(filled.tolist()) == [2, 4, 5, 6, 7, 8, 9, 10, 11, 500]
    (short,) = test[filled == 4]
    assert short[-4:].tolist() == [1, 4, 5, 6]
    (long,) = test[filled == 500]
    assert (long == 2).all(), "rare words are one word"
    assert capsys.readouterr().out == ""


def test_reuters_has_its_own_test_part(
    tmp_path: Path, download: Callable[[str, Path], None]
) -> None:
    download("reuters", npz(tmp_path, x=ragged([5] * 100), y=np.arange(100) % 46))
    reuters = datasets.load("reuters")
    check(reuters)
    assert reuters.sizes == {"train": 64, "validation": 16, "test": 20}


def test_mnist_is_scaled_and_split_alike(
    tmp_path: Path, download: Callable[[str, Path], None]
) -> None:
    random = np.random.RandomState(0)
    x, y = random.randint(0, 256, (100, 28, 28), dtype=np.uint8), np.arange(100, dtype=np.uint8)
    x[:, 0, 0], x[:, 0, 1] = y, 255
    download("mnist", npz(tmp_path, x_train=x, y_train=y % 10, x_test=x[:20], y_test=y[:20] % 10))
    mnist = datasets.load("mnist")
    check(mnist)
    assert np.bincount(mnist.validation.outputs["label"]).tolist() == [2] * 10
    assert np.bincount(mnist.train.outputs["label"]).tolist() == [8] * 10
    assert (mnist.train.inputs["image"][:, 0, 1, 0] == 1).all()
    # Every picture is still beside its label, and in one part only.
    marks = [
        np.round(part.inputs["image"][:, 0, 0, 0] * 255).astype(int)
        for part in (mnist.train, mnist.validation)
    ]
    assert (marks[0] % 10 == mnist.train.outputs["label"]).all()
    assert sorted(np.concatenate(marks).tolist()) == list(range(100))
    assert datasets.load("mnist").sha256 == mnist.sha256


def fashion(folder: Path) -> Path:
    """Small files under the names of the real ones, where Keras looks for them."""
    place = folder / "datasets" / "fashion-mnist"
    place.mkdir(parents=True)
    for part, examples in (("train", 20), ("t10k", 10)):
        labels = bytes(8) + bytes(index % 10 for index in range(examples))
        pictures = bytes(16) + bytes([51]) * (examples * 28 * 28)
        (place / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        (place / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(pictures))
    return place


def test_cached_files_are_read_without_a_network(folder: Path, offline: Network) -> None:
    fashion(folder)
    assert datasets.missing("fashion_mnist") is None
    clothes = datasets.load("fashion_mnist")
    check(clothes)
    assert clothes.sizes == {"train": 16, "validation": 4, "test": 10}
    assert clothes.train.inputs["image"].max() == np.float32(0.2)
    assert offline.asked == []


def test_cifar10_has_channels_last(tmp_path: Path, download: Callable[[str, Path], None]) -> None:
    batches = tmp_path / "cifar-10-batches-py"
    batches.mkdir()
    pictures = np.zeros((10_000, 3, 32, 32), dtype=np.uint8)
    pictures[:, 1] = 255
    batch = {b"data": pictures.reshape(10_000, -1), b"labels": [i % 10 for i in range(10_000)]}
    (batches / "test_batch").write_bytes(pickle.dumps(batch))
    for number in range(1, 6):
        (batches / f"data_batch_{number}").hardlink_to(batches / "test_batch")
    download("cifar10", tmp_path)
    cifar10 = datasets.load("cifar10")
    check(cifar10)
    assert cifar10.sizes == about("cifar10").describe()["sizes"]
    assert cifar10.test.inputs["image"][0, 0, 0].tolist() == [0, 1, 0]


def test_houses_are_standardised_by_the_training_part_and_cost_hundreds_of_thousands(
    tmp_path: Path, download: Callable[[str, Path], None]
) -> None:
    random = np.random.RandomState(0)
    table, values = random.rand(200, 8) * 50, np.arange(200) * 1_000.0
    download("california_housing", npz(tmp_path, x=table, y=values))
    houses = datasets.load("california_housing")
    check(houses)
    assert houses.sizes == {"train": 128, "validation": 32, "test": 40}
    features = houses.train.inputs["features"]
    assert np.allclose(features.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(features.std(axis=0), 1, atol=1e-5)
    assert not np.allclose(houses.test.inputs["features"].mean(axis=0), 0, atol=1e-3)
    assert houses.train.outputs["value"].max() < 2
    known = np.concatenate([part.outputs["value"] for part in (houses.train, houses.validation)])
    assert len(set(known.tolist())) == 160


@pytest.mark.parametrize("name", datasets.FETCHED)
def test_without_a_network_the_error_says_which_file_to_put_where(
    name: str, folder: Path, offline: Network
) -> None:
    with pytest.raises(NotHere) as caught:
        datasets.load(name)
    message = str(caught.value)
    assert datasets.missing(name) == message
    assert f'dataset "{name}" is not here' in message
    assert "cannot be reached" in message
    for file in about(name).files:
        assert all(part in message for part in (file.name, file.url, file.sha256 or ""))
    assert message.endswith(f"into {folder / about(name).subfolder}")
    assert len(offline.asked) == 1, "a host is asked once"


@pytest.mark.parametrize("name", datasets.FETCHED)
def test_with_a_network_nothing_is_missing(name: str, online: Network) -> None:
    assert datasets.missing(name) is None
    assert datasets.missing(name) is None
    assert len(online.asked) == 1


def test_hosts_are_asked_once_for_all_data_sets(online: Network) -> None:
    assert {datasets.missing(name) for name in datasets.FETCHED} == {None}
    assert sorted(online.asked) == [
        "https://storage.googleapis.com/",
        "https://www.cs.toronto.edu/",
    ]


def test_damaged_file_is_missing_and_stays_where_it_is(folder: Path, offline: Network) -> None:
    damaged = folder / "datasets" / "mnist.npz"
    damaged.parent.mkdir()
    damaged.write_bytes(b"half of it")
    problem = datasets.missing("mnist")
    assert problem is not None
    assert "fetches it anew if its sha256 is not 731c5ac6" in problem
    with pytest.raises(NotHere):
        datasets.load("mnist")
    assert damaged.read_bytes() == b"half of it"


def test_download_that_fails_is_explained(online: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any, **kwargs: Any) -> str:
        raise Exception("URL fetch failure on https://…: None -- timed out")

    monkeypatch.setattr(keras_module("reuters"), "get_file", failing)
    with pytest.raises(NotHere, match=r"timed out.*put reuters\.npz"):
        datasets.load("reuters")


def test_cached_file_that_cannot_be_read_is_named(folder: Path, offline: Network) -> None:
    broken = fashion(folder) / "t10k-labels-idx1-ubyte.gz"
    broken.write_bytes(b"not what it should be")
    with pytest.raises(NotHere, match=r"BadGzipFile.*t10k-labels-idx1-ubyte\.gz"):
        datasets.load("fashion_mnist")


@pytest.mark.parametrize("name", datasets.FETCHED)
def test_files_are_those_that_keras_fetches(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = set()

    def get_file(fname: str, origin: str, **options: Any) -> str:
        cached_as = f"{fname}_archive" if options.get("extract") else fname
        folder = options.get("cache_subdir", "datasets")
        fetched.add((folder, cached_as, origin, options.get("file_hash")))
        return str(tmp_path / "nothing")

    monkeypatch.setattr(keras_module(name), "get_file", get_file)
    with pytest.raises(FileNotFoundError):
        keras_module(name).load_data()
    found = about(name)
    assert fetched == {(found.subfolder, file.name, file.url, file.sha256) for file in found.files}


def test_archive_is_unpacked_by_keras_where_we_look_for_it(folder: Path) -> None:
    (file,) = about("cifar10").files
    place = folder / about("cifar10").subfolder
    place.mkdir()
    with tarfile.open(place / file.name, "w:gz") as archive:
        archive.add(__file__, "cifar-10-batches-py/test_batch")
    from keras.utils import get_file

    unpacked = get_file("cifar-10-batches-py-target", origin=file.url, extract=True)
    assert (Path(unpacked) / "cifar-10-batches-py" / "test_batch").is_file()


@pytest.mark.parametrize("name", datasets.FETCHED)
def test_entry_says_that_it_is_not_here_and_what_it_will_be(name: str) -> None:
    entry = datasets.describe(name)
    found = about(name)
    assert entry["status"] == "not here"
    assert (entry["sha256"] is None) == (name == "fashion_mnist")
    assert f"~/.keras/{found.subfolder}" in entry["error"]
    assert all(file.name in entry["error"] for file in found.files)
    train, held = split.held_out(np.zeros(found.training), seed=0)
    assert entry["sizes"] == {"train": len(train), "validation": len(held), "test": found.test}


def test_topics_of_reuters_are_kerass() -> None:
    assert (
        about("reuters").signature.outputs[0].class_names
        == keras_module("reuters").get_label_names()
    )


def test_asking_what_there_is_does_without_keras(tmp_path: Path) -> None:
    code = (
        "import sys, urllib.request\n"
        "def no_network(*args, **kwargs): raise OSError\n"
        "urllib.request.urlopen = no_network\n"
        "from search_spaces import datasets\n"
        "for name in datasets.FETCHED: datasets.missing(name), datasets.describe(name)\n"
        "print(sorted({'keras', 'tensorflow', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_folder_is_found_as_keras_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_keras.keras_folder() == tmp_path
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_keras.keras_folder() == tmp_path / ".keras"
