"""Lines as small as a word."""

from tuner_service.dashboard.sparkline import EDGE, HEIGHT, WIDTH, steps, stretches

TOP, BOTTOM, RIGHT = EDGE, HEIGHT - EDGE, WIDTH - EDGE


def points(line: str) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in line.split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_value_stands_until_the_next_and_then_to_the_end() -> None:
    line = points(steps([(1, 0.5), (5, 0.9)], 10))
    assert line == [(14, BOTTOM), (60, BOTTOM), (60, TOP), (RIGHT, TOP)]


def test_a_falling_line_falls() -> None:
    line = points(steps([(1, 0.9), (5, 0.1)], 10))
    assert line[0][1] == TOP
    assert line[-1][1] == BOTTOM


def test_a_single_value_is_a_level_line_in_the_middle() -> None:
    assert {y for _, y in points(steps([(1, 3.0)], 10))} == {HEIGHT / 2}
    assert steps([], 10) == ""


def test_no_more_is_drawn_than_there_are_pixels_and_the_last_value_is() -> None:
    line = points(steps([(n, float(n)) for n in range(1, 10_001)], 10_000))
    assert len(line) <= 2 * WIDTH
    assert line[-1] == (RIGHT, TOP)


def test_a_silence_breaks_a_line_over_time() -> None:
    samples = [(0.0, 0.0), (20.0, 1.0), (400.0, 0.5), (420.0, 0.5)]
    first, second = stretches(samples, 0.0, 1000.0, apart=150.0)
    assert points(first)[1][1] == TOP
    assert points(second)[0][0] > points(first)[-1][0]


def test_a_single_sample_is_seen() -> None:
    [line] = stretches([(500.0, 0.5)], 0.0, 1000.0, apart=150.0)
    assert len(points(line)) == 2
    assert stretches([], 0.0, 1000.0, apart=150.0) == []
