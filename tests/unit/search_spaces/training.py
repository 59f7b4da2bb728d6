"""Training and asking models where only what comes of it counts, not how it is done."""

from typing import Any

import keras
import numpy as np

from tuner_service.trainer.ahead import ROWS, build_ahead


def fit(model: keras.Model, x: Any, y: Any, **how: Any) -> dict[str, list[float]]:
    """``model.fit``, and what each epoch gave.

    The step is traced once and not twice, as in a trial: of a model that is trained for an epoch most of the time goes
    there.
    """
    build_ahead(model, *keras.tree.map_structure(lambda array: array[:ROWS], (x, y)))
    history: dict[str, list[float]] = model.fit(x, y, verbose=0, **how).history
    return history


def fit_eagerly(model: keras.Model, x: Any, y: Any, **how: Any) -> dict[str, list[float]]:
    """The same without a trace, which takes far longer than a step.

    The built-in families are made of Keras's layers alone: that these fit together shows here too. As graphs
    ``test_learnable`` trains them.
    """
    model.run_eagerly = True
    return fit(model, x, y, **how)


def answers(model: keras.Model, x: Any) -> Any:
    """What ``model.predict`` gives, without its trace."""
    return keras.tree.map_structure(np.asarray, model(x, training=False))
