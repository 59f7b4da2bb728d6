"""Chance, as far as a seed can hold it."""

import importlib
import random
from typing import Any

import keras
import numpy as np


def set_seed(seed: int) -> None:
    """All that a model draws comes from the seed, and on a CPU the same sums come out of the same numbers.

    Without the latter TensorFlow adds up the gradients of embeddings in the order in which its threads get there. On a
    GPU it would refuse operations that have no other way, so there it stays as it is.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow

    if not tensorflow.config.list_physical_devices("GPU"):
        tensorflow.config.experimental.enable_op_determinism()
        # Its own default has a random beginning, which determinism forbids.
        tensorflow.random.set_global_generator(tensorflow.random.Generator.from_seed(seed))


def set_epochs_seed(seed: int, epoch: int) -> None:
    """The global generators of Python, NumPy and Torch draw anew, as they will when the trial is resumed here.

    They serve code of the user's own; Keras draws from variables, but for its dropout on Torch. TensorFlow's is left
    alone, since setting it drops compiled functions: what draws from it differs after a resumption.
    """
    random.seed(f"{seed} {epoch}")
    np.random.seed([seed, epoch])
    if keras.backend.backend() == "torch":
        torch: Any = importlib.import_module("torch")  # not installed where it is not the backend
        torch.manual_seed(random.getrandbits(63))
