"""The ends of every family: its inputs, its outputs with their losses, its optimizer."""

from typing import Any

import keras

from search_spaces.signature import Field


def entrance(field: Field) -> Any:
    """The Keras input of a field, under the field's name."""
    return keras.Input(shape=field.shape, dtype=field.dtype, name=field.name)


def head(field: Field, features: Any) -> Any:
    """The output layer of a field over ``features`` (batch, n), under the field's name.

    Two classes: one sigmoid. More classes: softmax. A number: linear.
    """
    match field.kind:
        case "class" if field.classes == 2:
            return keras.layers.Dense(1, activation="sigmoid", name=field.name)(features)
        case "class":
            return keras.layers.Dense(field.classes, activation="softmax", name=field.name)(
                features
            )
        case _:
            return keras.layers.Dense(max(1, *field.shape, 1), name=field.name)(features)


def loss(field: Field) -> str:
    """The loss that expects what ``head`` gives: probabilities for classes, not logits."""
    match field.kind:
        case "class" if field.classes == 2:
            return "binary_crossentropy"
        case "class":
            return "sparse_categorical_crossentropy"
        case _:
            return "mse"


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


def compiled(entry: Any, features: Any, field: Field, hp: Any, name: str) -> keras.Model:
    """The model from ``entry`` through ``features`` to the one output ``field``, ready to fit."""
    model = keras.Model(entry, head(field, features), name=name)
    model.compile(optimizer=optimizer(hp), loss=loss(field), metrics=[metric(field)])
    return model
