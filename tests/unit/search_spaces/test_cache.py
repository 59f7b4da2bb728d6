"""What a machine fetched is made once, whole or not at all, and goes when it was not used for longest."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from search_spaces import datasets
from search_spaces.datasets import stored
from search_spaces.datasets.cache import MAKING, RECENT_SECONDS, Cache


def entry(cache: Cache, key: str, size: int = 100, idle_seconds: float = 0.0) -> Path:
    def make(file: Path) -> None:
        file.write_bytes(b"x" * size)

    path = cache.get(key, make)
    used = time.time() - idle_seconds
    os.utime(path, (used, used))
    return path


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    cache, made = Cache(tmp_path, 1000), []

    def make(file: Path) -> None:
        made.append(file)
        time.sleep(0.05)
        file.write_text("whole")

    askers = [threading.Thread(target=cache.get, args=("a", make)) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(made) == 1
    assert (tmp_path / "a").read_text() == "whole"


def test_nothing_is_kept_of_what_could_not_be_made(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)

    def fail(file: Path) -> None:
        file.write_text("half")
        raise ValueError("cut off")

    with pytest.raises(ValueError, match="cut off"):
        cache.get("a", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["locks"]
    assert entry(cache, "a").read_bytes() == b"x" * 100


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache, long_ago = Cache(tmp_path, 250), 2 * RECENT_SECONDS
    entry(cache, "oldest", idle_seconds=2 * long_ago)
    entry(cache, "old", idle_seconds=long_ago)
    entry(cache, "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["locks", "new", "old"]


def test_what_was_used_a_moment_ago_stays_though_it_is_too_much(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 50)
    for key in ("a", "b"):
        entry(cache, key)
    assert {"a", "b"} <= {p.name for p in tmp_path.iterdir()}


def test_what_killed_processes_left_half_made_goes_and_what_is_being_made_stays(
    tmp_path: Path,
) -> None:
    cache = Cache(tmp_path, 2**40)
    entry(cache, "a")
    (tmp_path / f"{MAKING}b-left").mkdir()
    begun, go_on = threading.Event(), threading.Event()

    def make(file: Path) -> None:
        begun.set()
        go_on.wait()
        file.write_text("whole")

    maker = threading.Thread(target=cache.get, args=("c", make))
    maker.start()
    begun.wait()
    entry(cache, "a")
    names = {p.name.rpartition("-")[0] or p.name for p in tmp_path.iterdir()}
    assert names == {"a", f"{MAKING}c", "locks"}
    go_on.set()
    maker.join()
    assert (tmp_path / "c").read_text() == "whole"


def test_whoever_waits_for_an_entry_may_give_up(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)
    begun, go_on = threading.Event(), threading.Event()

    def make(file: Path) -> None:
        begun.set()
        go_on.wait()
        file.write_text("whole")

    def give_up() -> None:
        raise TimeoutError("given up")

    maker = threading.Thread(target=cache.get, args=("a", make))
    maker.start()
    begun.wait()
    with pytest.raises(TimeoutError, match="given up"):
        cache.get("a", make, while_waiting=give_up)
    go_on.set()
    maker.join()
    assert cache.get("a", make, while_waiting=give_up).read_text() == "whole"


def test_stored_arrays_are_mapped_and_the_same(tmp_path: Path) -> None:
    digits = datasets.load("digits")
    stored.save(digits, tmp_path)
    opened = stored.open_stored(tmp_path)
    assert opened.sha256 == digits.sha256
    assert (opened.signature, opened.sizes) == (digits.signature, digits.sizes)
    assert isinstance(opened.train.inputs["image"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        opened.train.inputs["image"][0] = 1
