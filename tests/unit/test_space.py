"""Spaces: what they hold, what they refuse, how they are narrowed."""

import itertools

import pytest

from tuner_service.domain.overrides import overridden
from tuner_service.domain.parameter import Parameter, Type
from tuner_service.domain.space import LISTED_MOST, Space
from tuner_service.errors import Invalid

SPACE = Space.from_json(
    [
        {"name": "lr", "type": "float", "min": 1e-4, "max": 1e-1, "log": True, "default": 1e-3},
        {"name": "optimizer", "type": "choice", "choices": ["adam", "sgd"], "default": "adam"},
        {
            "name": "momentum",
            "type": "float",
            "min": 0.0,
            "max": 0.9,
            "step": 0.3,
            "when": [{"parameter": "optimizer", "values": ["sgd"]}],
        },
        {
            "name": "nesterov",
            "type": "bool",
            "when": [
                {"parameter": "optimizer", "values": ["sgd"]},
                {"parameter": "momentum", "values": [0.3, 0.6]},
            ],
        },
        {"name": "units", "type": "int", "min": 8, "max": 64, "step": 8},
    ]
)


def test_json_there_and_back_is_the_same() -> None:
    SPACE.validate()
    assert Space.from_json(SPACE.to_json()) == SPACE
    assert Space.from_json(SPACE.to_json()).digest == SPACE.digest


def test_a_parameter_exists_only_under_all_its_conditions() -> None:
    nesterov = SPACE.by_name["nesterov"]
    assert SPACE.exists(nesterov, {"optimizer": "sgd", "momentum": 0.3})
    assert not SPACE.exists(nesterov, {"optimizer": "sgd", "momentum": 0.0})
    assert not SPACE.exists(nesterov, {"optimizer": "adam"})


def test_candidates_lists_each_combination_once() -> None:
    grid = overridden(SPACE, {"lr": {"choices": [1e-3, 1e-2]}, "units": {"value": 8}})
    found = list(grid.candidates())
    # 2 learning rates × (adam, or sgd with four momenta of which two have nesterov on or off)
    assert len(found) == 2 * (1 + 2 + 2 * 2)
    assert len({tuple(sorted(candidate.items())) for candidate in found}) == len(found)
    assert SPACE.continuous() == ["lr"]
    for candidate in found:
        grid.check(candidate)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"type": "int", "min": 3}, 'needs "max"'),
        ({"type": "int", "min": 3, "max": 1}, "min 3 above max 1"),
        ({"type": "int", "min": 1.5, "max": 3}, 'is an int; "min" got 1.5'),
        ({"type": "float", "min": 0, "max": 1, "log": True}, "needs min above 0"),
        ({"type": "float", "min": 0, "max": 1, "step": 0}, "needs a step above 0"),
        ({"type": "float", "min": 1, "max": 2, "step": 0.5, "log": True}, "a log scale and a step"),
        ({"type": "choice", "choices": []}, "needs at least one choice"),
        ({"type": "choice", "choices": ["a", "a"]}, "has a choice twice"),
        ({"type": "choice", "choices": ["a"], "default": "b"}, 'has the default "b"; allowed: "a"'),
        ({"type": "fixed"}, 'needs "value"'),
        (
            {"type": "bool", "when": [{"parameter": "z", "values": [1]}]},
            'depends on "z", which is not a parameter before it',
        ),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(
    parameter: dict[str, object], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        Space.from_json([{"name": "p", **parameter}]).validate()


def test_true_is_not_one() -> None:
    switch = Parameter("flag", Type.BOOL)
    assert switch.contains(True)
    assert not switch.contains(1)
    assert not Parameter("n", Type.INT, 0, 3).contains(True)
    choice = Parameter("c", Type.CHOICE, choices=(True, 1))
    choice_space = Space((choice,))
    choice_space.validate()


def test_overrides_keep_true_apart_from_one_and_ints_whole() -> None:
    space = Space(
        (
            Parameter("c", Type.CHOICE, choices=(True, 1, "a"), default=True),
            Parameter("n", Type.INT, 1, 5),
        )
    )
    changed = overridden(space, {"c": {"choices": [1, "a"]}, "n": {"value": 3.0}})
    assert changed.by_name["c"].default is None
    assert repr(changed.by_name["n"].value) == "3"
    chosen = overridden(space, {"n": {"choices": [1.0, 4]}}).by_name["n"]
    assert repr(chosen.choices) == "(1, 4)"
    with pytest.raises(Invalid, match="at least one choice"):
        overridden(space, {"c": {"choices": None}})


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        (
            Parameter("x", Type.FLOAT, 1, 10, step=1, log=True),
            'parameter "x" has a log scale and a step; give one of them',
        ),
        (
            Parameter("n", Type.INT, 0, 1e19),
            'parameter "n" is an int; "max" got 1e+19; allowed: up to 2^53',
        ),
        (
            Parameter("x", Type.FLOAT, 0, 1, choices=("a",)),
            'parameter "x" is of type float and has no "choices"',
        ),
        (Parameter("b", Type.BOOL, min=0), 'parameter "b" is of type bool and has no "min"'),
        (Parameter("b", Type.BOOL, log=True), 'parameter "b" is of type bool and has no "log"'),
        (
            Parameter("n", Type.INT, 0, 1, value=1),
            'parameter "n" is of type int and has no "value"',
        ),
    ],
)
def test_fields_that_make_no_sense_are_refused(parameter: Parameter, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        Space((parameter,)).validate()
    assert [problem.msg for problem in refused.value.problems] == [message]


def test_spaces_of_very_many_parameters_are_counted_and_gone_through() -> None:
    switches = Space(tuple(Parameter(f"b{n}", Type.BOOL) for n in range(1000)))
    assert switches.size() == LISTED_MOST
    first, second = itertools.islice(switches.candidates(), 2)
    assert [name for name in first if first[name] != second[name]] == ["b999"]
    number = Parameter("n", Type.INT, 1, 10, step=4)
    assert Space((number, Parameter("x", Type.FLOAT, 0, 0.3, step=0.1))).size() == 12
    assert list(Space(()).candidates()) == [{}]


def test_overrides_narrow_widen_and_fix() -> None:
    changed = overridden(
        SPACE,
        {
            "lr": {"min": 1e-5},
            "optimizer": {"choices": ["adam"]},
            "units": {"value": 24},
        },
    )
    assert changed.by_name["lr"].min == 1e-5
    assert changed.by_name["lr"].default == 1e-3
    assert changed.by_name["units"] == Parameter("units", Type.FIXED, value=24)
    # Nothing can be sgd any more, so what hangs on it is gone.
    assert "momentum" not in changed.by_name
    assert "nesterov" not in changed.by_name


def test_a_fixed_parent_keeps_its_children() -> None:
    changed = overridden(SPACE, {"optimizer": {"value": "sgd"}})
    assert "momentum" in changed.by_name
    changed.validate()


SETTING = Space.from_json(
    [
        {"name": "weights", "type": "fixed", "value": "none", "choices": ["none", "imagenet"]},
        {
            "name": "trained_layers",
            "type": "int",
            "min": 0,
            "max": 64,
            "when": [{"parameter": "weights", "values": ["imagenet"]}],
        },
    ]
)


def test_a_default_of_zero_survives_a_choice() -> None:
    space = Space.from_json(
        [{"name": "dropout", "type": "float", "min": 0.0, "max": 0.5, "default": 0.0}]
    )
    changed = overridden(space, {"dropout": {"choices": [0.5, 0.0]}})
    assert changed.defaults() == {"dropout": 0.0}


def test_a_setting_stays_as_it_is_unless_it_is_overridden() -> None:
    SETTING.validate()
    assert Space.from_json(SETTING.to_json()) == SETTING
    untouched = overridden(SETTING, {})
    assert list(untouched.by_name) == ["weights"], "nothing hangs on a value that it has not"
    assert untouched.defaults() == {"weights": "none"}


def test_a_setting_is_set_or_searched_by_an_override() -> None:
    told = overridden(SETTING, {"weights": {"value": "imagenet"}})
    assert told.defaults() == {"weights": "imagenet", "trained_layers": 0}
    searched = overridden(SETTING, {"weights": {"choices": ["none", "imagenet"]}})
    assert searched.by_name["weights"].type is Type.CHOICE
    assert searched.by_name["weights"].default == "none"
    with pytest.raises(Invalid, match='got "imagnet"; allowed: "none", "imagenet"'):
        overridden(SETTING, {"weights": {"value": "imagnet"}})


def test_every_wrong_override_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        overridden(
            SPACE,
            {"lrr": {"min": 1}, "optimizer": {"min": 3}, "units": {"value": "many"}},
            at=("o",),
        )
    assert {problem.loc for problem in caught.value.problems} == {
        ("o", "lrr"),
        ("o", "optimizer", "min"),
        ("o", "units", "value"),
    }
