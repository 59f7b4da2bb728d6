"""A study's progress as told from the events of one, recorded from a server."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tuner_service.cli import lines, live
from tuner_service.cli.progress import Progress
from tuner_service.client.events import Event, StudyEvent, parse_event

RECORDED = Path(__file__).parent / "recorded_events.jsonl"


@pytest.fixture
def events() -> list[Event]:
    found = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    parsed = [parse_event(e["event"], e["id"], json.dumps(e["data"])) for e in found]
    return [event for event in parsed if event is not None]


@pytest.fixture
def progress(events: list[Event]) -> Progress:
    first = events[0]
    assert isinstance(first, StudyEvent)
    return Progress(first.data)


def screen_of(progress: Progress) -> str:
    output = io.StringIO()
    Console(width=120, file=output).print(live.view(progress))
    return output.getvalue()


def test_every_trial_is_counted_once(events: list[Event], progress: Progress) -> None:
    for event in events:
        progress.apply(event)

    assert {state.value: n for state, n in progress.ended.items()} == {
        "completed": 3,
        "failed": 1,
        "cancelled": 1,
    }
    assert (progress.done, progress.budget, progress.running) == (5, 5, {})
    assert progress.study.state == "completed"


def test_the_best_is_the_best_of_the_completed(events: list[Event], progress: Progress) -> None:
    for event in events:
        progress.apply(event)

    assert isinstance(events[-1], StudyEvent)
    assert events[-1].data.best is not None
    assert progress.best is not None
    assert progress.best.number == events[-1].data.best.trial


def test_the_time_left_is_the_rest_at_the_pace_so_far(
    events: list[Event], progress: Progress
) -> None:
    assert progress.seconds_left is None
    for event in events:
        progress.apply(event)
        if progress.done == 2:
            break
    assert progress.best is not None
    pace = progress.seconds_left

    assert pace is not None
    assert pace > 0


def test_plain_lines_tell_each_end_and_the_way_to_go(
    events: list[Event], progress: Progress
) -> None:
    told = list(lines.tell(events, progress, clock=lambda: 0.0))

    ends = [line for line in told if line.startswith("trial ")]
    assert len(ends) == 5
    assert "[1 of 5 trials done" in ends[0]
    assert any("trial 2 failed" in line and "out of luck" in line for line in ends)
    assert told[0] == 'study "bowl" is running'
    assert told[-1] == 'study "bowl" is completed'


def test_plain_lines_tell_now_and_then_what_is_running(
    events: list[Event], progress: Progress
) -> None:
    ticks = iter(range(0, 10_000, 10))

    told = list(lines.tell(events, progress, clock=lambda: next(ticks)))

    assert any(line.startswith("  running: trial 0 epoch 1") for line in told)


def test_the_summary_names_the_winner(events: list[Event], progress: Progress) -> None:
    for event in events:
        progress.apply(event)

    assert progress.best is not None
    text = lines.summary(progress)
    assert text.startswith('study "bowl" is completed: 3 completed, 1 failed, 1 cancelled')
    assert f"best: trial {progress.best.number} with loss=" in text


def test_the_live_view_shows_what_is_running_at_every_moment(
    events: list[Event], progress: Progress
) -> None:
    screens = []
    for event in events:
        progress.apply(event)
        screens.append(screen_of(progress))

    assert "0 of 5 trials done" in screens[0]
    assert any("trial" in screen and "starting" in screen for screen in screens)
    assert "5 of 5 trials done" in screens[-1]
    assert "bowl  completed" in screens[-1]
