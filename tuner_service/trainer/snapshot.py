"""The state of a training at the end of an epoch: copied from Keras's objects, and given back to new ones."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import (
    global_state,  # nothing public leads to the process's own generator
)
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR, global_seed_generator
from numpy.typing import NDArray

from tuner_service.trainer.callbacks import BestEpoch, LossMoves
from tuner_service.trainer.checkpoint import Checkpoint, Stored, Unusable, numpy_type

Callbacks = Sequence[keras.callbacks.Callback]
Array = NDArray[Any]

INNER: Mapping[type, Sequence[str]] = {
    keras.callbacks.EarlyStopping: ("wait", "stopped_epoch", "best", "best_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "cooldown_counter", "best"),
    BestEpoch: ("best", "best_epoch"),
    LossMoves: ("losses",),
}
"""What a callback remembers from epoch to epoch, but for weights."""

WITH_WEIGHTS = (keras.callbacks.EarlyStopping, BestEpoch)
"""They have ``best_weights``, those of ``best_epoch``, or None."""

NUMBER = re.compile(r"_\d+(?=[_/]|$)")
"""Keras numbers names by what this process has made before, which is no part of the model."""


def has_other_optimizers(model: keras.Model) -> bool:
    """Whether the model, or one within it, holds more than its optimizer: a step of one's own may use them all."""
    held = (value for layer in model._flatten_layers() for value in vars(layer).values())
    return any(
        isinstance(each, keras.Optimizer) and each is not model.optimizer
        for value in held
        for each in _members(value)
    )


def _members(value: Any) -> Iterable[Any]:
    match value:
        case Mapping():
            return value.values()
        case list() | tuple():
            return value
    return (value,)


def variables(model: keras.Model) -> dict[str, list[Stored]]:
    """Copies in the host's memory: training may go on at once."""
    return {
        group: [Stored(_path(group, variable), variable.numpy()) for variable in them]
        for group, them in _groups(model).items()
    }


def inner_states(callbacks: Callbacks) -> dict[str, dict[str, Any]]:
    """By class, as JSON has it; ``best_weights`` is the epoch that they are from."""
    states = {}
    for name, callback, attributes in _remembering(callbacks):
        states[name] = {attribute: _plain(getattr(callback, attribute)) for attribute in attributes}
        if isinstance(callback, WITH_WEIGHTS):
            known = callback.best_weights is not None
            states[name]["best_weights"] = callback.best_epoch if known else None
    return states


def best_weights(callbacks: Callbacks) -> dict[int, list[Array]]:
    """By epoch. Not copied: Keras and BestEpoch replace these arrays and never change them."""
    known: dict[int, list[Array]] = {}
    for callback in callbacks:
        if isinstance(callback, WITH_WEIGHTS):
            epoch, weights = callback.best_epoch, callback.best_weights
            if epoch is not None and weights is not None:
                known[epoch] = weights
    return known


def restore(checkpoint: Checkpoint, model: keras.Model, callbacks: Callbacks) -> None:
    """Give a built model, its optimizer and the callbacks the state that they had.

    To be called when training has begun, which is when Keras's callbacks forget what was before. Raises Unusable, with
    nothing changed, unless everything fits.
    """
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    if checkpoint.variables.get("random"):
        global_seed_generator()  # comes to be when it is first used, which may be later than now
    groups = _groups(model)
    ready = {group: _fitting(group, them, checkpoint.variables) for group, them in groups.items()}
    _check_callbacks(checkpoint, model, callbacks)
    for group, arrays in ready.items():
        for variable, array in zip(groups[group], arrays, strict=True):
            variable.assign(array)
    for name, callback, attributes in _remembering(callbacks):
        state = checkpoint.callbacks[name]
        for attribute in attributes:
            setattr(callback, attribute, state[attribute])
        if isinstance(callback, WITH_WEIGHTS):
            epoch = state["best_weights"]
            callback.best_weights = None if epoch is None else list(checkpoint.best_weights[epoch])


def _groups(model: keras.Model) -> dict[str, list[Any]]:
    generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    return {
        "model": list(model.variables),
        "optimizer": [] if model.optimizer is None else _optimizer_variables(model.optimizer),
        "random": [] if generator is None else [generator.state],
    }


def _optimizer_variables(optimizer: Any) -> list[Any]:
    """Also what Keras itself leaves out: Nadam's running product, alone or inside of another optimizer."""
    found = list(optimizer.variables)
    for value in vars(optimizer).values():
        inner = _optimizer_variables(value) if isinstance(value, keras.Optimizer) else [value]
        found += [v for v in inner if isinstance(v, keras.Variable) and not _is_among(v, found)]
    return found


def _is_among(variable: Any, variables: Sequence[Any]) -> bool:
    return any(variable is other for other in variables)  # == compares their values


def _remembering(callbacks: Callbacks) -> Iterator[tuple[str, Any, Sequence[str]]]:
    for callback in callbacks:
        if (attributes := INNER.get(type(callback))) is not None:
            yield type(callback).__name__, callback, attributes


def _plain(value: Any) -> Any:
    """A float has every bit in JSON; Keras may hold one in an array without axes."""
    return value.item() if isinstance(value, np.ndarray | np.generic) else value


def _fitting(
    group: str, wanted: Sequence[Any], saved: Mapping[str, Sequence[Stored]]
) -> list[Array]:
    stored = saved.get(group, [])
    if group == "random" and not stored:  # it was not in use then, and begins as it is
        return [variable.numpy() for variable in wanted]
    if len(stored) != len(wanted):
        raise Unusable(
            f"the checkpoint has {len(stored)} variables of the {group}, this one has {len(wanted)}"
        )
    return [
        _converted(variable, _path(group, variable), saved_one)
        for variable, saved_one in zip(wanted, stored, strict=True)
    ]


def _path(group: str, variable: Any) -> str:
    """Of an optimizer and the process's generator only the name: what is above it says who made them come to be."""
    path: str = variable.path if group == "model" else variable.name
    return path


def _converted(variable: Any, path: str, stored: Stored) -> Array:
    array, shape, dtype = stored.array, tuple(variable.shape), numpy_type(variable.dtype)
    misfit = Unusable(
        f"the checkpoint has {stored.path} {array.dtype.name}{list(array.shape)} where the model "
        f"has {path} {dtype.name}{list(shape)}"
    )
    if NUMBER.sub("", stored.path) != NUMBER.sub("", path) or array.shape != shape:
        raise misfit
    if array.dtype == dtype:
        return array
    # Seeds and counters are integers of another width in another backend.
    converted = array.astype(dtype)
    if array.dtype.kind in "iu" and dtype.kind in "iu" and (converted == array).all():
        return converted
    raise misfit


def _check_callbacks(checkpoint: Checkpoint, model: keras.Model, callbacks: Callbacks) -> None:
    for name, _, attributes in _remembering(callbacks):
        state = checkpoint.callbacks.get(name, {})
        if state.keys() - {"best_weights"} != set(attributes):
            raise Unusable(f"the checkpoint has no state of {name} as this worker knows it")
        if (epoch := state.get("best_weights")) not in (None, *checkpoint.best_weights):
            raise Unusable(f"the checkpoint lacks the weights of epoch {epoch}, the best of {name}")
    shapes = [tuple(weight.shape) for weight in model.weights]
    for epoch, arrays in checkpoint.best_weights.items():
        if [array.shape for array in arrays] != shapes:
            raise Unusable(f"the best weights, of epoch {epoch}, are not of this model's shapes")
