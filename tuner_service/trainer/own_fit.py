"""Running a user's own ``HyperModel.fit``, which may train in any way it likes."""

import functools
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from search_spaces.own.fit import taken

Logs = dict[str, Any]


def run(
    hypermodel: Any,
    hp: Any,
    model: keras.Model,
    x: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int,
    validation_data: Any,
    callbacks: Sequence[keras.callbacks.Callback],
    objective: str,
) -> None:
    """Call it as KerasTuner's ``search(x, y, validation_data=…)`` does, and see that every epoch is told.

    ``epochs`` and ``batch_size`` go along where it has parameters of these names; elsewhere they are what ``model.fit``
    takes unless it is told otherwise, so that a ``fit`` that tunes them itself does not get them twice. A ``fit`` that
    trains in a loop of its own and calls ``callbacks`` by hand need not call all of their methods; one that calls none
    counts as one epoch, of what it returns: metrics by name, or the objective's value.

    Where it is, nobody but itself knows: it makes no checkpoints, and a trial that is interrupted begins anew.
    """
    model.fit = functools.partial(model.fit, epochs=epochs, batch_size=batch_size, verbose=0)
    together = Together(callbacks)
    together.set_params({"epochs": epochs, "verbose": 0})
    settings = {"epochs": epochs, "batch_size": batch_size}
    named = inspect.signature(hypermodel.fit).parameters
    given = {name: value for name, value in settings.items() if name in named}
    given |= taken(hypermodel, {"validation_data": validation_data, "callbacks": [together]})
    result = hypermodel.fit(hp, model, x, y, **given)
    if not together.told:
        if together.model is None:
            together.set_model(model)
        together.on_epoch_end(0, _metrics(result, objective))
    together.on_train_end()


def _metrics(result: Any, objective: str) -> Logs:
    match result:
        case keras.callbacks.History():
            return {name: values[-1] for name, values in result.history.items() if values}
        case Mapping():
            return {str(name): float(value) for name, value in result.items()}
        case int() | float():
            return {objective: float(result)}
    raise TypeError(
        f"fit called none of its callbacks and returned {type(result).__name__}; it must return "
        "a History, a dictionary of metrics or the objective's value"
    )


class Together(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Several callbacks as one, whose training and epochs begin even if nobody says so."""

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self.callbacks = callbacks
        self.told = 0
        """How many epochs were told."""
        self._training = False

    def set_params(self, params: Mapping[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._training = True
            self._all("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._training:
            self._training = False
            self._all("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.on_train_begin()
        self._all("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.on_train_begin()
        # Numbered here: a loop of one's own may count from 1, and a second fit begins again at 0.
        epoch, self.told = self.told, self.told + 1
        self._all("on_epoch_end", epoch, {name: float(v) for name, v in (logs or {}).items()})

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._all("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._all("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._all("on_test_batch_begin", batch, logs)

    def _all(self, method: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, method)(*arguments)
