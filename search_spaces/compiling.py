"""The ends of every family: its inputs, its outputs with their losses, its optimizer."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from search_spaces.signature import Field


def entrance(field: Field) -> Any:
    """The Keras input of a field, under the field's name."""
    return keras.Input(shape=field.shape, dtype=field.dtype, name=field.name)


def head(field: Field, features: Any) -> Any:
    """The output layer of a field over ``features`` (batch, n), under the field's name.

    Two classes: one sigmoid. More classes: softmax. A number: linear, in the units that the data has it in.
    """
    match field.kind:
        case "class" if field.classes == 2:
            return keras.layers.Dense(1, activation="sigmoid", name=field.name)(features)
        case "class":
            return keras.layers.Dense(field.classes, activation="softmax", name=field.name)(
                features
            )
        case "number" if field.mean is not None:
            # What is learned is around 0, whatever the units.
            around_zero = keras.layers.Dense(1)(features)
            return keras.layers.Rescaling(field.deviation, field.mean, name=field.name)(around_zero)
        case _:
            return keras.layers.Dense(1, name=field.name)(features)


def loss(field: Field) -> str:
    """The loss that expects what ``head`` gives: probabilities for classes, not logits."""
    match field.kind:
        case "class" if field.classes == 2:
            return "binary_crossentropy"
        case "class":
            return "sparse_categorical_crossentropy"
        case _:
            return "mse"


def unit(field: Field) -> float:
    """The factor by which a loss no longer depends on the data's units: a squared error in squared deviations."""
    return 1.0 if field.deviation is None else field.deviation**-2


def metric(field: Field) -> str:
    return "accuracy" if field.kind == "class" else "mae"


def optimizer(hp: Any) -> keras.optimizers.Optimizer:
    """An optimizer by hyperparameters: which one, its learning rate, and what only that one has."""
    name = hp.Choice("optimizer", ["rmsprop", "adam", "sgd"])
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer", ["rmsprop", "sgd"]):
        momentum = hp.Float("momentum", 0.0, 0.9, default=0.0)
    with hp.conditional_scope("optimizer", ["adam"]):
        weight_decay = hp.Float("weight_decay", 1e-6, 1e-2, sampling="log", default=1e-4)
    match name:
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate, momentum=momentum)
        case "adam":
            return keras.optimizers.Adam(learning_rate, weight_decay=weight_decay)
        case _:
            return keras.optimizers.SGD(learning_rate, momentum=momentum)


def compiled(
    entries: Any,
    features: Any,
    outputs: Sequence[Field],
    hp: Any,
    name: str,
    loss_weights: Mapping[str, float] | None = None,
) -> keras.Model:
    """The model from ``entries`` (an input, or a list) through ``features`` to one head an output, ready to fit.

    One output has its loss and metric bare; several have theirs, and ``loss_weights``, by their names. The loss of a
    number that the data has in units of its own is in squared deviations, its mean absolute error in these units.
    """
    heads = [head(field, features) for field in outputs]
    if len(outputs) == 1:
        (field,) = outputs
        model = keras.Model(entries, heads[0], name=name)
        model.compile(
            optimizer=optimizer(hp),
            loss=loss(field),
            metrics=[metric(field)],
            loss_weights=None if field.deviation is None else [unit(field)],
        )
        return model
    model = keras.Model(
        entries, dict(zip([f.name for f in outputs], heads, strict=True)), name=name
    )
    model.compile(
        optimizer=optimizer(hp),
        loss={field.name: loss(field) for field in outputs},
        metrics={field.name: [metric(field)] for field in outputs},
        loss_weights={
            field.name: unit(field) * (loss_weights or {}).get(field.name, 1.0) for field in outputs
        },
    )
    return model
