"""Parts of files that bring none: stratified, never empty, the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.datasets.files import BadFile, splits


@given(
    st.lists(st.integers(0, 5), min_size=3, max_size=60).filter(lambda labels: len(set(labels)) > 1)
)
def test_every_row_is_in_one_part_and_none_is_empty(labels: list[int]) -> None:
    parts = splits.divided(np.asarray(labels), len(labels), 1)
    rows = [parts.train, parts.validation, parts.test]
    assert sorted(np.concatenate(rows)) == list(range(len(labels)))
    assert min(len(part) for part in rows) >= 1
    if len(labels) >= len(set(labels)) + 2:
        assert set(np.asarray(labels)[parts.train]) == set(labels)


def test_sixty_twenty_twenty_of_every_class() -> None:
    labels = np.repeat([0, 1], [100, 50])
    parts = splits.divided(labels, 150, 1)
    assert [np.bincount(labels[part]).tolist() for part in (parts.train, parts.test)] == [
        [60, 30],
        [20, 10],
    ]


def test_many_small_classes_leave_no_part_small() -> None:
    parts = splits.divided(np.repeat(np.arange(50), 2), 100, 1)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (60, 20, 20)


def test_a_split_is_the_same_every_time() -> None:
    first, second = (splits.divided(None, 10, 1), splits.divided(None, 10, 1))
    assert first.train.tolist() == second.train.tolist()
    assert splits.divided(None, 10, 2).train.tolist() != first.train.tolist()


def test_a_missing_part_is_taken_from_the_training_part() -> None:
    sizes: dict[splits.PartName, int] = {"train": 10, "test": 4}
    rows = splits.completed({"train": None}, sizes, 1)
    assert {part: place.part for part, place in rows.items()} == {
        "train": "train",
        "validation": "train",
        "test": "test",
    }
    held = np.concatenate((rows["train"].rows, rows["validation"].rows))
    assert sorted(held) == list(range(10))
    assert rows["test"].rows.tolist() == [0, 1, 2, 3]


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(BadFile, match="1 example to divide; at least 3"):
        splits.divided(None, 1, 1)
    with pytest.raises(BadFile, match="one class"):
        splits.divided(np.zeros(9, int), 9, 1)
