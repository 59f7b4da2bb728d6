"""What a candidate is, found out before the first trial: its layers, its size in memory, and what it will report."""

import re
from collections.abc import Iterable
from math import prod
from typing import Any

import keras

from search_spaces import architecture
from search_spaces.architecture import Call, Shape
from search_spaces.errors import SearchSpaceError

SAMPLE_ROWS = 2

WRAPPING = re.compile(r"\x1b\[\d+m|\{\{.*?\}\}|\[\[.*\]\]|\[Op:.*", re.DOTALL)
"""What Keras and TensorFlow put around a message: bold type, a node's name, the data itself, an operation's name."""

SLOTS = {
    "SGD": 0,
    "RMSprop": 1,
    "Adagrad": 1,
    "Lion": 1,
    "Adafactor": 1,
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Nadam": 2,
    "Adadelta": 2,
    "Ftrl": 2,
    "Lamb": 2,
    "Muon": 1,
}
"""How many values an optimizer keeps for each weight that it trains. One that is not here is taken to be like Adam."""

EXTRAS = {"SGD": ("momentum",), "RMSprop": ("momentum", "centered")}
"""Settings that make it one more; ``use_ema`` does for any, ``amsgrad`` for one not here."""


class Untrainable(SearchSpaceError):
    """The model was built, but one batch of this data does not go through it."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f'model "{model}" cannot be trained on this data: {reason}')
        self.model = model


def examine(model: keras.Model, x: Any, y: Any, batch_size: int) -> dict[str, Any]:
    """What ``describe`` says of the model, and the ``metrics`` that an epoch with validation data will report.

    ``x`` and ``y`` as ``fit`` takes them; their first two rows go through the model once, which leaves its weights as
    they are. ``learning_rate`` is among the metrics. Raises Untrainable, and what says that memory ran out as it is.
    """
    # A subclassed model is built by its first batch.
    metrics = _metrics(model, x, y)
    return {**describe(model, batch_size), "metrics": metrics}


def describe(model: keras.Model, batch_size: int) -> dict[str, Any]:
    """``{"parameters", "memory_bytes", "metrics", "layers": [{"name", "type", "output_shape", "parameters"}]}``.

    Of a built model. ``output_shape`` is without the batch; one shape an output where a layer has several, None where
    it is not known. ``memory_bytes`` is what ``memory`` says. ``metrics`` is empty: nobody knows yet.
    """
    return {
        "parameters": int(model.count_params()),
        "memory_bytes": memory(model, batch_size),
        "metrics": [],
        "layers": [
            {
                "name": layer.name,
                "type": layer.type,
                "output_shape": _listed(layer.shapes),
                "parameters": layer.parameters,
            }
            for layer in architecture.of(model).layers
        ],
    }


def _metrics(model: keras.Model, x: Any, y: Any) -> list[str]:
    eagerly = model.run_eagerly
    # Not compiled to a graph: as fast for one batch, and the message of an error is about the data.
    model.run_eagerly = True
    try:
        found = model.evaluate(
            _head(x), _head(y), batch_size=SAMPLE_ROWS, verbose=0, return_dict=True
        )
    except Exception as error:  # a model is anybody's code
        if is_out_of_memory(error):
            raise
        raise Untrainable(model.name, f"{type(error).__name__}: {_plain(error)}") from error
    finally:
        model.run_eagerly = eagerly
        model.test_function = None  # was made to run eagerly
    return sorted([*found, *(f"val_{name}" for name in found), "learning_rate"])


def is_out_of_memory(error: BaseException) -> bool:
    """That is the machine's fault, and not the model's; the error has another class on every backend."""
    name = type(error).__name__
    told = "ResourceExhausted" in name or "OutOfMemory" in name
    return told or isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def _plain(error: Exception) -> str:
    """The message in one line, without what it comes wrapped in."""
    message = WRAPPING.sub(" ", str(error)).partition("Arguments received by")[0]
    return " ".join(message.split()) or "no message"


def _head(values: Any) -> Any:
    return keras.tree.map_structure(lambda array: array[:SAMPLE_ROWS], values)


def memory(model: keras.Model, batch_size: int) -> int:
    """An estimate of the bytes that training takes: the sum of

    - the weights, each value in its own type;
    - for each weight that is trained, its gradient, and the optimizer's values by SLOTS (one more for momentum, a
      centered or amsgrad variant, and a moving average of the weights);
    - twice the outputs of every call of a layer for one batch, in the layer's compute type: they are kept for the way
      back, and each has a gradient there. A nested model counts by its layers.

    What a layer needs within itself (workspaces of convolutions, the steps of a recurrent layer), the framework and the
    data come on top. A length that varies counts as 1, and so does a layer whose shape is not known as 0.
    """
    weights = sum(_bytes(weight.shape, weight.dtype) for weight in model.weights)
    trained = sum(_bytes(weight.shape, weight.dtype) for weight in model.trainable_weights)
    return (
        weights
        + trained * (1 + _slots(getattr(model, "optimizer", None)))
        + 2 * batch_size * _activations(model)
    )


def _slots(optimizer: Any) -> int:
    if optimizer is None:
        return 0
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # that of a loss scale
    name = type(optimizer).__name__
    extras = ("use_ema", *EXTRAS.get(name, ("amsgrad",)))
    return SLOTS.get(name, SLOTS["Adam"]) + sum(
        bool(getattr(optimizer, extra, False)) for extra in extras
    )


def _activations(model: keras.Model) -> int:
    """Bytes of all outputs for one example."""
    layers = {layer.name: layer for layer in model.layers}
    total = 0
    for call in architecture.of(model).calls:
        layer = layers.get(call.name)
        total += _activations(layer) if call.inner_layers else _outputs(call, layer)
    return total


def _outputs(call: Call, layer: Any) -> int:
    dtype = getattr(layer, "compute_dtype", None) or keras.config.floatx()
    return sum(_bytes(shape, dtype) for shape in call.shapes or ())


def _bytes(shape: Iterable[int | None], dtype: str) -> int:
    return prod(size or 1 for size in shape) * _item_bytes(dtype)


def _item_bytes(dtype: str) -> int:
    """By the bits in the type's name, as in ``bfloat16``; 1 for ``bool``."""
    bits = re.search(r"\d+", dtype)
    return max(1, int(bits[0]) // 8) if bits else 1


def _listed(shapes: tuple[Shape, ...] | None) -> list[Any] | None:
    if shapes is None:
        return None
    listed = [list(shape) for shape in shapes]
    return listed[0] if len(listed) == 1 else listed
