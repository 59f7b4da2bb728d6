"""Conditions that narrow a table of trials."""

from typing import Any

import pytest

from tuner_service.domain.trial import Origin, Trial, TrialState
from tuner_service.errors import Invalid
from tuner_service.service.reading.charts.columns import Column, conditions

NAMES = ("x", "kind", "a<=b", "a")


def trial(**parameters: Any) -> Trial:
    head: Any = (0, 0, 0, TrialState.COMPLETED, Origin.SEARCH, 1, None, None, parameters)
    rest: Any = (
        None,
        None,
        None,
        0,
        None,
        None,
        None,
        None,
        None,
        {},
        None,
        None,
        0,
        None,
        None,
        0.0,
    )
    return Trial(*head, *rest)


def parameter(name: str) -> Column:
    return lambda of: of.parameters.get(name)


def met(texts: list[str], **parameters: Any) -> bool:
    return conditions({name: parameter(name) for name in NAMES}, texts)(trial(**parameters))


@pytest.mark.parametrize(
    ("texts", "meets"),
    [
        (["x<=0.5"], True),
        (["x >= 0.6"], False),
        (["x>=0.1", "x<=0.4"], False),
        (["kind=relu"], True),
        (["kind=elu", "kind=relu"], True),
        (["kind=elu", "kind=tanh"], False),
        (["kind=elu", "kind=relu", "x<=0.1"], False),
    ],
)
def test_all_conditions_hold_and_of_several_values_any(texts: list[str], meets: bool) -> None:
    assert met(texts, x=0.5, kind="relu") is meets


def test_a_name_may_have_a_sign_in_it_or_begin_with_another() -> None:
    assert met(["a<=b>=2"], **{"a<=b": 3, "a": 1})
    assert met(["a<=2"], **{"a<=b": 3, "a": 1})


def test_a_trial_without_the_parameter_meets_no_condition_on_it() -> None:
    assert not met(["x<=1"], kind="relu")
    assert not met(["kind=relu"], x=0.5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("depth=3", 'there is no column "depth"; known: a, a<=b, kind, x'),
        ("x<=many", '"x<=many" compares with a number, got "many"'),
        ("x", '"x" is no condition'),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match="^" + why.replace("(", r"\(")):
        met([text])
