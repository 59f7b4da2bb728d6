"""What Keras leaves to the first batch, made before it."""

from typing import Any

import keras

ROWS = 2
"""So many are enough to see the shapes."""

OWN_STEPS = ("train_step", "compute_loss", "compute_metrics")
"""Methods that a first batch goes through; a model with one of its own may count its calls."""


def build_ahead(model: keras.Model, x: Any, y: Any) -> None:
    """Make the variables of the optimizer and of the metrics; ``x`` and ``y`` are some rows as ``fit`` takes them.

    Otherwise they come to be while TensorFlow traces the first batch, and a function that made variables is traced a
    second time: the first epoch of a small model takes almost twice as long. What is there already, weights and all,
    stays as it is. Does nothing on other backends, which do not trace or have Keras do this itself, nor to a model with
    steps of its own.
    """
    if keras.backend.backend() != "tensorflow" or model.run_eagerly or _has_own_steps(model):
        return
    try:
        with keras.StatelessScope():  # a layer may count its calls
            predicted = model(x, training=False)
        model.compute_loss(x=x, y=y, y_pred=predicted, training=False)
        model.compute_metrics(x, y, predicted)
        model.reset_metrics()
        if model.optimizer is not None:
            model.optimizer.build(model.trainable_variables)
    except Exception:  # a model is anybody's code
        # Training comes upon the same, and fails with a trace that is about the user's data.
        pass


def _has_own_steps(model: keras.Model) -> bool:
    return any(getattr(type(model), name) is not getattr(keras.Model, name) for name in OWN_STEPS)
