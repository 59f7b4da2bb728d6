"""A user's own ``fit(hp, model, …)``: what it asks for, and which arguments it takes, found without data."""

import inspect
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np

FITS = 20
"""A ``fit`` that calls the model's oftener, as a loop that waits for a good result does, is left there."""


class _Enough(BaseException):
    """Ends a user's fit; not an Exception, so that its own error handling lets it pass."""


class _Rehearsal(keras.callbacks.History):  # type: ignore[misc]  # Keras has no types
    """Of a training that did not happen: every metric has been 0 once."""

    def __init__(self) -> None:
        super().__init__()
        self.history: Mapping[str, list[float]] = defaultdict(lambda: [0.0])
        self.epoch = [0]


class Exploring(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """A hypermodel whose ``build`` also asks for what its ``fit`` asks for. For discovery alone: nothing is trained."""

    def __init__(self, hypermodel: keras_tuner.HyperModel) -> None:
        super().__init__()
        self.hypermodel = hypermodel
        self.declares_all_hyperparameters = getattr(
            hypermodel, "declares_all_hyperparameters", False
        )

    def declare_hyperparameters(self, hp: Any) -> None:
        self.hypermodel.declare_hyperparameters(hp)

    def build(self, hp: Any) -> keras.Model:
        model = self.hypermodel.build(hp)
        if not isinstance(model, keras.Model):
            raise TypeError(f"build returned {type(model).__name__}, not a keras.Model")
        if has_own_fit(self.hypermodel):
            rehearse(self.hypermodel, hp, model)
        return model


def has_own_fit(hypermodel: keras_tuner.HyperModel) -> bool:
    overridden = type(hypermodel).fit is not keras_tuner.HyperModel.fit
    return overridden or "fit" in vars(hypermodel)


def taken(hypermodel: keras_tuner.HyperModel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the keyword arguments that the hypermodel's ``fit`` has room for."""
    parameters = inspect.signature(hypermodel.fit).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return dict(arguments)
    return {name: value for name, value in arguments.items() if name in parameters}


def rehearse(hypermodel: keras_tuner.HyperModel, hp: Any, model: keras.Model) -> None:
    """Run the user's ``fit`` on no rows, with a ``model.fit`` that trains nothing.

    What it asks ``hp`` for on the way is registered there, up to where it ends or raises: it may not bear the lack of
    rows. It may compile the model anew; ``model.fit`` is as before.
    """
    fits = 0

    def fit(*_: Any, **__: Any) -> _Rehearsal:
        nonlocal fits
        fits += 1
        if fits >= FITS:
            raise _Enough
        return _Rehearsal()

    x, y = _no_rows(model)
    settings: dict[str, Any] = {"validation_data": (x, y), "callbacks": []}
    # Others it may give to model.fit by itself, and must not be given twice.
    named = inspect.signature(hypermodel.fit).parameters
    settings |= {name: 1 for name in ("epochs", "batch_size") if name in named}
    model.fit = fit
    try:
        hypermodel.fit(hp, model, x, y, **taken(hypermodel, settings))
    except (Exception, _Enough):  # a user's fit may do anything
        pass
    finally:
        del model.fit


def _no_rows(model: keras.Model) -> tuple[Any, Any]:
    """Inputs of the model's shapes, as ``fit`` takes them, and one column of outputs; all without a row."""
    inputs = {tensor.name: _empty(tensor.shape) for tensor in getattr(model, "inputs", None) or ()}
    x = inputs if len(inputs) > 1 else next(iter(inputs.values()), _empty((None, 1)))
    return x, _empty((None, 1))


def _empty(shape: tuple[int | None, ...]) -> np.ndarray[Any, Any]:
    return np.zeros((0, *(size or 1 for size in shape[1:])), "float32")
