"""A study's progress as told from the events of one, recorded from a server."""

import io
import json
from collections.abc import Iterable
from datetime import timedelta
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
    opened = first.data.created_at
    return Progress(first.data, clock=lambda: opened + timedelta(minutes=1))


def time_left(progress: Progress, events: Iterable[Event]) -> dict[int, float | None]:
    """What is left after each event."""
    left = {}
    for event in events:
        progress.apply(event)
        left[event.id] = progress.seconds_left
    return left


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


def test_the_time_left_follows_from_how_long_trials_took_and_how_many_run(
    events: list[Event], progress: Progress
) -> None:
    left = time_left(progress, events)

    second_end, third_end = 10, 13
    assert left[second_end] is None
    # One at a time by now: one and a half more of 0.522, 0.53 and 0.104 s on average.
    assert left[third_end] == pytest.approx(1.5 * (0.522 + 0.53 + 0.104) / 3)


def test_no_time_is_left_to_tell_of_while_a_study_is_paused_or_over(
    events: list[Event], progress: Progress
) -> None:
    left = time_left(progress, events)

    paused, resumed, last_trial, completed = 16, 17, 23, 24
    assert left[resumed] is not None
    assert (left[paused], left[last_trial], left[completed]) == (None, None, None)


@pytest.mark.parametrize(("seconds", "until"), [(70, 10.0), (60, 0.0), (30, 0.0)])
def test_no_more_time_is_left_than_the_budget_has(
    events: list[Event], progress: Progress, seconds: int, until: float
) -> None:
    spec = progress.study.spec
    spec["budget"] = spec["budget"] | {"seconds": seconds}

    # The clock stands at one minute after the opening.
    assert progress.seconds_left == until
    left = time_left(progress, (e for e in events if not isinstance(e, StudyEvent)))
    third_end, last_end = 13, 23
    assert left[third_end] == pytest.approx(min(until, 0.578))
    assert left[last_end] is None


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
