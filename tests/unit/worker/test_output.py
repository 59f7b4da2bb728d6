"""What a process prints is kept, bounded and up to the moment."""

import os
from collections.abc import Iterator

import pytest

from tuner_service.worker.output import KEPT_LINES, LONGEST_LINE, Output


@pytest.fixture
def pipe() -> Iterator[tuple[Output, int]]:
    reading, writing = os.pipe()
    yield Output(reading), writing
    os.close(writing)


def test_what_was_printed_is_there_at_once(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    os.write(writing, b"first\nsecond\nunfini")
    assert output.lines() == ["first", "second", "unfini"]
    os.write(writing, b"shed\n")
    assert output.lines() == ["first", "second", "unfinished"]


def test_only_the_last_lines_are_kept(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    for number in range(3 * KEPT_LINES):
        os.write(writing, b"%d\n" % number)
    lines = output.lines()
    assert len(lines) == KEPT_LINES
    assert lines[-1] == str(3 * KEPT_LINES - 1)


def test_a_line_without_end_is_cut(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    for _ in range(100):
        os.write(writing, b"x" * 10_000)
    os.write(writing, b"\nnext\n")
    first, second = output.lines()
    assert len(first) <= LONGEST_LINE
    assert second == "next"


def test_of_a_progress_bar_the_last_state_stays(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    os.write(writing, b"1/3\r2/3\r3/3\r\n")
    assert output.lines() == ["3/3"]


def test_a_new_trial_starts_with_an_empty_log(pipe: tuple[Output, int]) -> None:
    output, writing = pipe
    os.write(writing, b"of the trial before\n")
    output.clear()
    os.write(writing, b"\xff of this one\n")
    assert output.lines() == ["\ufffd of this one"]
