"""How a data set's arrays are given to a model: by name or in order, labels as its loss wants them, at once or not."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from search_spaces.datasets.dataset import Array, Part
from search_spaces.signature import Field, Signature

ONE_HOT = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy"})
"""Losses that want a class as a vector with a single 1."""

AT_ONCE_BYTES = 64 * 1024**2
"""Frameworks copy arrays whole into their own memory. Larger ones are read from the disk batch by batch instead."""


@dataclass(frozen=True)
class Feed:
    """Gives parts of data with this signature to this compiled model."""

    model: keras.Model
    signature: Signature

    def arrays(self, part: Part) -> tuple[Any, Any]:
        """``x`` and ``y`` as ``fit`` takes them: whole arrays."""
        return self._inputs(part.inputs), self._outputs(part.outputs)

    def shuffled(
        self, part: Part, size: int, seed: int, first_epoch: int = 0
    ) -> Iterator[tuple[Any, Any]]:
        """Batches, epoch after epoch without end, in an order of (seed, epoch) alone."""
        for epoch in itertools.count(first_epoch):
            order = np.arange(len(part))
            np.random.RandomState([seed, epoch]).shuffle(order)
            for start in range(0, len(part), size):
                # In the order of the file within a batch: the disk is read forwards.
                yield self.arrays(part.at(np.sort(order[start : start + size])))

    def _inputs(self, arrays: Mapping[str, Array]) -> Any:
        if len(arrays) == 1:
            return next(iter(arrays.values()))
        names = _names(self.model, "inputs")
        return dict(arrays) if names is None or names == set(arrays) else list(arrays.values())

    def _outputs(self, arrays: Mapping[str, Array]) -> Any:
        ready = {
            field.name: self._labels(index, field, arrays[field.name])
            for index, field in enumerate(self.signature.outputs)
        }
        if len(ready) == 1:
            return next(iter(ready.values()))
        names = getattr(self.model, "output_names", None)
        return ready if names is None or set(names) == set(ready) else list(ready.values())

    def _labels(self, index: int, field: Field, labels: Array) -> Array:
        if field.kind != "class" or _loss_name(self.model.loss, index, field.name) not in ONE_HOT:
            return labels
        assert field.classes is not None
        return np.eye(field.classes, dtype=np.float32)[labels]


class InOrder(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """A part's batches in order. Not a generator: Keras begins a validation anew and drops what it had read ahead."""

    def __init__(self, feed: Feed, part: Part, size: int) -> None:
        super().__init__()
        self.feed = feed
        self.part = part
        self.size = size

    def __len__(self) -> int:
        return -(-len(self.part) // self.size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        start = index * self.size
        return self.feed.arrays(
            self.part.at(np.arange(start, min(start + self.size, len(self.part))))
        )


def is_large(*parts: Part) -> bool:
    arrays = (a for part in parts for side in (part.inputs, part.outputs) for a in side.values())
    return sum(array.nbytes for array in arrays) > AT_ONCE_BYTES


def _names(model: keras.Model, side: str) -> set[str] | None:
    """The names of a model's inputs; None for one that does not know them before it is called."""
    tensors = getattr(model, side, None)
    return None if tensors is None else {tensor.name for tensor in tensors}


def _loss_name(loss: Any, index: int, name: str) -> str | None:
    """What the loss of an output is called, however it was given to ``compile``."""
    match loss:
        case Mapping():
            loss = loss.get(name) or dict(enumerate(loss.values())).get(index)
        case Sequence() if not isinstance(loss, str):
            loss = loss[index] if index < len(loss) else None
    if loss is None:
        return None
    found = keras.losses.get(loss)
    kind = type(found).__name__ if isinstance(found, keras.losses.Loss) else found.__name__
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind)
    return snake.lstrip("_")
