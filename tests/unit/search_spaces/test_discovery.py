"""What ``build(hp)`` can ask for is found, with the conditions under which it does."""

from collections.abc import Callable
from typing import Any

import keras_tuner
import pytest

from search_spaces import registry
from search_spaces.errors import BranchBroken, ConflictingRanges, SpaceTooDeep, TangledCondition
from search_spaces.parameters import discovery
from search_spaces.parameters.discovery import discover
from search_spaces.signature import (
    Field,
    Kind,
    Signature,
    image,
    label,
    number,
    sequence,
    tokens,
    vector,
)

HP = Any


class Model(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """Only the parameters matter to discovery, so ``build`` returns nothing."""

    def __init__(self, ask: Callable[[HP], None]) -> None:
        super().__init__()
        self.ask = ask
        self.builds = 0

    def build(self, hp: HP) -> None:
        self.builds += 1
        self.ask(hp)


def found(ask: Callable[[HP], None]) -> dict[str, dict[str, Any]]:
    return {parameter["name"]: parameter for parameter in discover(Model(ask))}


def when(ask: Callable[[HP], None]) -> dict[str, dict[str, list[Any]]]:
    return {
        name: {c["parameter"]: c["values"] for c in parameter.get("when", [])}
        for name, parameter in found(ask).items()
    }


def test_every_type_has_its_own_fields() -> None:
    def ask(hp: HP) -> None:
        hp.Int("units", 8, 64, step=8, default=16)
        hp.Int("layers", 1, 3)
        hp.Int("width", 8, 256, sampling="log")
        hp.Float("rate", 0.0, 0.5, step=0.1)
        hp.Float("lr", 1e-4, 1e-1, sampling="log", default=1e-3)
        hp.Float("odd", 1, 10, sampling="reverse_log")
        hp.Choice("kind", ["a", "b"], default="b")
        hp.Boolean("norm")
        hp.Fixed("seed", 7)

    assert list(found(ask).values()) == [
        {
            "name": "units",
            "type": "int",
            "min": 8,
            "max": 64,
            "log": False,
            "step": 8,
            "default": 16,
        },
        {"name": "layers", "type": "int", "min": 1, "max": 3, "log": False, "default": 1},
        {"name": "width", "type": "int", "min": 8, "max": 256, "log": True, "default": 8},
        {
            "name": "rate",
            "type": "float",
            "min": 0.0,
            "max": 0.5,
            "log": False,
            "step": 0.1,
            "default": 0.0,
        },
        {"name": "lr", "type": "float", "min": 1e-4, "max": 1e-1, "log": True, "default": 1e-3},
        {"name": "odd", "type": "float", "min": 1.0, "max": 10.0, "log": False, "default": 1.0},
        {"name": "kind", "type": "choice", "choices": ["a", "b"], "default": "b"},
        {"name": "norm", "type": "bool", "default": False},
        {"name": "seed", "type": "fixed", "value": 7},
    ]


def test_log_scale_with_a_step_is_a_choice() -> None:
    def ask(hp: HP) -> None:
        hp.Int("batch", 2, 32, step=2, sampling="log")

    assert found(ask)["batch"] == {
        "name": "batch",
        "type": "choice",
        "choices": [2, 4, 8, 16, 32],
        "default": 2,
    }


def test_explicit_scope() -> None:
    def ask(hp: HP) -> None:
        hp.Choice("optimizer", ["adam", "sgd", "rmsprop"])
        with hp.conditional_scope("optimizer", ["sgd", "rmsprop"]):
            hp.Float("momentum", 0, 1)
        hp.Float("rate", 0, 1)

    assert when(ask) == {
        "optimizer": {},
        "momentum": {"optimizer": ["sgd", "rmsprop"]},
        "rate": {},
    }


def test_plain_if() -> None:
    def ask(hp: HP) -> None:
        if hp.Choice("optimizer", ["adam", "sgd"]) == "sgd":
            hp.Float("momentum", 0, 1)
        else:
            hp.Float("decay", 0, 1)

    assert when(ask) == {
        "optimizer": {},
        "momentum": {"optimizer": ["sgd"]},
        "decay": {"optimizer": ["adam"]},
    }


def test_conditions_of_the_parent_are_inherited() -> None:
    def ask(hp: HP) -> None:
        if (
            hp.Choice("optimizer", ["adam", "sgd"]) == "sgd"
            and hp.Boolean("nesterov")
            and hp.Int("variant", 1, 3) >= 2
        ):
            hp.Float("extra", 0, 1)

    assert when(ask)["extra"] == {"optimizer": ["sgd"], "nesterov": [True], "variant": [2, 3]}


def test_scope_inside_of_an_if() -> None:
    def ask(hp: HP) -> None:
        if hp.Boolean("tail", default=True):
            hp.Choice("kind", ["a", "b"])
            with hp.conditional_scope("kind", ["b"]):
                hp.Int("size", 1, 5)

    assert when(ask)["size"] == {"tail": [True], "kind": ["b"]}


def test_loop_over_layers() -> None:
    def ask(hp: HP) -> None:
        for i in range(hp.Int("layers", 1, 4)):
            hp.Int(f"units_{i}", 8, 64)
            if hp.Boolean(f"dropout_{i}"):
                hp.Float(f"rate_{i}", 0, 0.5)

    conditions = when(ask)
    assert conditions["units_0"] == {}
    assert conditions["units_1"] == {"layers": [2, 3, 4]}
    assert conditions["units_3"] == {"layers": [4]}
    assert conditions["rate_2"] == {"layers": [3, 4], "dropout_2": [True]}
    assert len(conditions) == 1 + 3 * 4


def test_long_loop_is_tried_at_every_length() -> None:
    def ask(hp: HP) -> None:
        for i in range(hp.Int("layers", 1, 20)):
            hp.Int(f"units_{i}", 8, 64)

    assert when(ask)["units_12"] == {"layers": list(range(13, 21))}


def test_wide_integer_that_decides_nothing_is_tried_at_its_ends_only() -> None:
    model = Model(lambda hp: hp.Int("units", 1, 10_000))
    discover(model)
    assert model.builds <= 3 + discovery.SPOT_CHECKS


def test_scope_on_one_value_of_a_wide_integer() -> None:
    def ask(hp: HP) -> None:
        hp.Int("units", 1, 100)
        with hp.conditional_scope("units", [50]):
            hp.Boolean("special")

    assert when(ask)["special"] == {"units": [50]}


def test_long_choice_is_tried_at_every_value() -> None:
    def ask(hp: HP) -> None:
        if hp.Choice("kind", [f"kind_{i}" for i in range(12)]) == "kind_5":
            hp.Boolean("special")

    assert when(ask)["special"] == {"kind": ["kind_5"]}


def test_same_parameter_under_two_values_is_one() -> None:
    def ask(hp: HP) -> None:
        kind = hp.Choice("kind", ["mlp", "cnn", "none"])
        if kind == "mlp" or kind == "cnn":
            hp.Int("units", 8, 64)

    assert when(ask) == {"kind": {}, "units": {"kind": ["mlp", "cnn"]}}


def test_scope_inside_of_a_scope() -> None:
    def ask(hp: HP) -> None:
        hp.Boolean("a")
        with hp.conditional_scope("a", [True]):
            hp.Boolean("b")
            with hp.conditional_scope("b", [True]):
                hp.Float("c", 0, 1)

    assert when(ask)["c"] == {"a": [True], "b": [True]}


def test_scope_on_a_value_that_never_is_leaves_nothing() -> None:
    def ask(hp: HP) -> None:
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["c"]):
            hp.Boolean("never")

    assert list(found(ask)) == ["kind"]


@pytest.mark.parametrize("default", [True, False])
def test_plain_if_on_two_switches(default: bool) -> None:
    def ask(hp: HP) -> None:
        a, b = hp.Boolean("a", default=default), hp.Boolean("b")
        if a and b:
            hp.Float("c", 0, 1)

    assert when(ask)["c"] == {"a": [True], "b": [True]}


def test_children_stand_after_their_parents() -> None:
    def ask(hp: HP) -> None:
        hp.Boolean("last_by_default")
        if hp.Boolean("tail"):
            hp.Boolean("inner")
        hp.Float("end", 0, 1)

    assert list(found(ask)) == ["last_by_default", "tail", "inner", "end"]


def test_broken_branch_is_named() -> None:
    def ask(hp: HP) -> None:
        if hp.Choice("kind", ["a", "b"]) == "b":
            raise ValueError("no such layer")

    with pytest.raises(BranchBroken, match=r'with kind = "b" failed: ValueError: no such layer'):
        found(ask)


def test_broken_default_is_named() -> None:
    def ask(hp: HP) -> None:
        raise ZeroDivisionError("oh")

    with pytest.raises(BranchBroken, match="with the defaults failed: ZeroDivisionError: oh"):
        found(ask)


def test_two_ranges_under_one_name_are_refused() -> None:
    def ask(hp: HP) -> None:
        if hp.Boolean("deep"):
            hp.Int("units", 8, 64)
        else:
            hp.Int("units", 8, 128)

    with pytest.raises(ConflictingRanges, match='parameter "units" has two ranges'):
        found(ask)


def test_condition_that_is_an_or_is_refused() -> None:
    def ask(hp: HP) -> None:
        a, b = hp.Boolean("a"), hp.Boolean("b")
        if a or b:
            hp.Float("c", 0, 1)

    with pytest.raises(TangledCondition, match='"c"'):
        found(ask)


def test_endless_space_ends_with_an_error() -> None:
    def ask(hp: HP) -> None:
        for i in range(10_000):
            if not hp.Boolean(f"more_{i}"):
                return

    with pytest.raises(SpaceTooDeep, match=f"{discovery.BUILDS} builds found"):
        found(ask)


class Declaring(Model):
    """Says everything in ``declare_hyperparameters``, and its build is not to be waited for."""

    declares_all_hyperparameters = True

    def declare_hyperparameters(self, hp: HP) -> None:
        self.ask(hp)


def test_model_that_declares_everything_is_not_built() -> None:
    def ask(hp: HP) -> None:
        hp.Choice("base", ["small", "large"])
        with hp.conditional_scope("base", ["small"]):
            hp.Int("depth", 1, 4)
        if hp.Boolean("tail"):
            hp.Float("rate", 0, 1)

    declaring, built = Declaring(ask), Model(ask)
    assert discover(declaring) == discover(built)
    assert declaring.builds == 0


def test_model_that_declares_something_is_built_for_the_rest() -> None:
    class Half(Model):
        def declare_hyperparameters(self, hp: HP) -> None:
            hp.Boolean("declared")

    model = Half(lambda hp: hp.Float("asked", 0, 1))
    assert [parameter["name"] for parameter in discover(model)] == ["declared", "asked"]


def tiny(kind: Kind, name: str) -> Field:
    """The smallest field of a kind."""
    match kind:
        case "vector":
            return vector(name, 2)
        case "image":
            return image(name, 3, 3, 1)
        case "tokens":
            return tokens(name, 3, vocabulary=5)
        case "sequence":
            return sequence(name, 2, 2)
        case "class":
            return label(name, 3)
        case "number":
            return number(name)


@pytest.mark.parametrize("family", registry.FAMILIES)
def test_parameters_do_not_depend_on_the_data(family: str) -> None:
    entry = registry.family(family)
    small = Signature(
        inputs=tuple(tiny(kinds[-1], f"x{i}") for i, kinds in enumerate(entry.inputs)),
        outputs=tuple(tiny(kinds[-1], f"y{i}") for i, kinds in enumerate(entry.outputs)),
    )
    book = discover(registry.build(family, entry.book))
    assert discover(registry.build(family, small)) == book
