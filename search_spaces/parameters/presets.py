"""KerasTuner hyperparameters whose values are given from outside."""

from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from search_spaces.errors import UnknownParameter, ValueNotAllowed

Value = int | float | str | bool


class Presets(keras_tuner.HyperParameters):  # type: ignore[misc]  # Keras has no types
    """Active parameters take their value from ``presets``, and their default where that has none.

    A value is looked up when its parameter first comes to be, so that a preset of an inactive parameter cannot switch
    on what hangs below it.
    """

    def __init__(self, presets: Mapping[str, Value]) -> None:
        super().__init__()
        self.presets = dict(presets)

    def _register(self, hyperparameter: Any, overwrite: bool = False) -> Value | None:
        name = hyperparameter.name
        if name in self.presets and name not in self.values and self.is_active(hyperparameter):
            self.values[name] = self.chosen(hyperparameter, self.presets[name])
        value: Value | None = super()._register(hyperparameter, overwrite)
        return value

    def chosen(self, hyperparameter: Any, value: Value) -> Value:
        """The value as this parameter takes it. Raises ValueNotAllowed."""
        return fitting(hyperparameter, value)


Presets.__name__ = keras_tuner.HyperParameters.__name__  # what a user's own typo is told with


def fitting(hyperparameter: Any, value: Value) -> Value:
    """The value in the parameter's own type. Raises ValueNotAllowed.

    Numbers outside of the declared range pass: a range is where to search, and a study may look elsewhere.
    """
    name = hyperparameter.name
    match hyperparameter:
        case kinds.Boolean() if isinstance(value, bool):
            return value
        case kinds.Boolean():
            raise ValueNotAllowed(name, value, "true or false")
        case kinds.Choice() | kinds.Fixed():
            for own in hyperparameter.values:
                if own == value and isinstance(own, bool) == isinstance(value, bool):
                    return own  # type: ignore[no-any-return]  # KerasTuner has no types
            allowed = ", ".join(str(own) for own in hyperparameter.values)
            raise ValueNotAllowed(name, value, allowed)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueNotAllowed(name, value, "a number")
    if isinstance(hyperparameter, kinds.Float):
        return float(value)
    if value != int(value):
        raise ValueNotAllowed(name, value, "an integer")
    return int(value)


def build(hypermodel: Any, values: Mapping[str, Value]) -> keras.Model:
    """The hypermodel's model for these values; what they leave out takes its default.

    Raises UnknownParameter for a value that the build never asked for, ValueNotAllowed, and what the build raises.
    """
    hp, model = begin(hypermodel, values)
    check_all_asked(hp)
    return model


def begin(hypermodel: Any, values: Mapping[str, Value]) -> tuple[Presets, keras.Model]:
    """The model, and the hyperparameters to go on asking with: a ``fit`` may have some of its own."""
    hp = Presets(values)
    hypermodel.declare_hyperparameters(hp)
    return hp, hypermodel.build(hp)


def check_all_asked(hp: Presets) -> None:
    """Raises UnknownParameter for a value that nobody asked for."""
    if unknown := [name for name in hp.presets if name not in hp.values]:
        raise UnknownParameter(unknown, hp.values)
