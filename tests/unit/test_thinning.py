"""Thinning: few points, and none that stands out is missing."""

from hypothesis import given
from hypothesis import strategies as st

from tuner_service.service.reading.charts.thinning import envelope, spread

VALUES = st.lists(st.floats(-1e6, 1e6), max_size=300)


@given(VALUES, st.integers(2, 50))
def test_an_envelope_keeps_the_extremes_and_the_order(values: list[float], most: int) -> None:
    places = envelope(values, most)
    assert places == sorted(set(places))
    assert len(places) <= max(most, 2)
    if values:
        kept = [values[place] for place in places]
        assert (min(kept), max(kept)) == (min(values), max(values))


@given(st.permutations(range(60)), st.integers(4, 80), st.sets(st.integers(0, 59), max_size=20))
def test_a_spread_has_as_many_as_it_may_and_what_is_always_wanted(
    order: list[int], most: int, always: set[int]
) -> None:
    places = spread(order, most, always)
    assert places == sorted(set(places))
    assert len(places) == min(most, len(order))
    assert len(always & set(places)) == (min(len(always), most) if most < 60 else len(always))


def test_a_spread_goes_evenly_along_its_order() -> None:
    assert spread(range(101), 5, [50]) == [0, 33, 50, 67, 100]
