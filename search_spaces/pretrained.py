"""One of Keras's image models as a base, trained from nothing or brought along, under a small classifier."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from search_spaces import compiling
from search_spaces.blocks import ACTIVATIONS
from search_spaces.blocks.bases import BASES
from search_spaces.blocks.image import condensed
from search_spaces.errors import SearchSpaceError
from search_spaces.signature import Signature


class WeightsNotHere(SearchSpaceError):
    def __init__(self, base: str, file: str, folder: Path) -> None:
        super().__init__(f"the weights of {base} are not here: put {file} into {folder}")
        self.base = base


class UnfitWeights(SearchSpaceError):
    def __init__(self, base: str, file: Path, reason: Exception) -> None:
        why = str(reason).partition(". ")[0]  # Keras goes on with a list of every layer
        super().__init__(f"{file} does not hold the weights of {base} without its top: {why}")
        self.base = base


@dataclass(frozen=True)
class Choices:
    """The hyperparameters but the optimizer's."""

    base: str
    weights: str
    trained_layers: int | None
    """The last layers of the base, of any kind; None: all, as there are no weights to keep."""
    pooling: str
    activation: str
    dense_width: int
    dropout: float

    @classmethod
    def ask(cls, hp: Any) -> "Choices":
        base = hp.Choice("base", list(BASES))
        weights = hp.Choice("weights", ["none", "imagenet", "file"])
        with hp.conditional_scope("weights", ["imagenet", "file"]):
            trained_layers = hp.Int("trained_layers", 0, 64, default=0)
        return cls(
            base=base,
            weights=weights,
            trained_layers=trained_layers,
            pooling=hp.Choice("pooling", ["average", "max"]),
            activation=hp.Choice("activation", ACTIVATIONS),
            dense_width=hp.Int("dense_width", 32, 512, sampling="log", default=256),
            dropout=hp.Float("dropout", 0.0, 0.5, default=0.5),
        )


class Pretrained(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    """One image in, one output. A base, global pooling, Dense 256, dropout (Deep Learning with Python, 5.3 and 7.1).

    ``weights`` of the base:

    - ``none``: random, and all of them are trained;
    - ``imagenet``: Keras's own, under Keras's name for them (``ImageBase.imagenet_file``) in ``~/.keras/models``; where
      they are missing, Keras fetches them from storage.googleapis.com;
    - ``file``: ``inception_v3_notop.weights.h5`` or ``xception_notop.weights.h5`` in the folder that the environment
      variable TUNER_WEIGHTS names, ``~/.keras/models`` without it: what ``save_weights`` of such a model of
      ``keras.applications`` with ``include_top=False`` writes.

    With weights, the last ``trained_layers`` of the base are trained and the rest is frozen. Batch normalization then
    keeps the statistics that came with the weights, also in trained layers.
    """

    declares_all_hyperparameters = True

    def __init__(self, signature: Signature) -> None:
        super().__init__(name="pretrained")
        (self.input,) = signature.inputs
        (self.output,) = signature.outputs

    def declare_hyperparameters(self, hp: Any) -> None:
        Choices.ask(hp)
        compiling.optimizer(hp)

    def build(self, hp: Any) -> keras.Model:
        """Raises WeightsNotHere, UnfitWeights."""
        choices = Choices.ask(hp)
        entry = compiling.entrance(self.input)
        picture = BASES[choices.base].fitted(entry)
        base = _base(choices.base, choices.weights, picture)
        if choices.trained_layers is None:
            maps = base(picture)
        else:
            _freeze(base, but_the_last=choices.trained_layers)
            maps = base(picture, training=False)
        features = condensed(
            maps, choices.pooling, choices.dense_width, choices.activation, choices.dropout
        )
        return compiling.compiled(entry, features, [self.output], hp, self.name)


def _base(name: str, weights: str, picture: Any) -> keras.Model:
    match weights:
        case "imagenet":
            return _with_imagenet(name, picture)
        case "file":
            return _with_file(name, picture)
        case _:
            return BASES[name].build(picture)


def _with_imagenet(name: str, picture: Any) -> keras.Model:
    try:
        return BASES[name].build(picture, weights="imagenet")
    except Exception as error:
        # Keras tells of a failed download by a bare Exception.
        if not (isinstance(error, OSError) or type(error) is Exception):
            raise
        home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
        raise WeightsNotHere(name, BASES[name].imagenet_file, home / "models") from error


def _with_file(name: str, picture: Any) -> keras.Model:
    folder = Path(os.environ.get("TUNER_WEIGHTS") or "~/.keras/models").expanduser()
    file = folder / f"{name}_notop.weights.h5"
    if not file.is_file():
        raise WeightsNotHere(name, file.name, folder)
    base = BASES[name].build(picture)
    try:
        with warnings.catch_warnings():
            # Keras warns of each of hundreds of layers before it raises.
            warnings.simplefilter("ignore", UserWarning)
            base.load_weights(file)
    except (OSError, ValueError, KeyError) as error:
        raise UnfitWeights(name, file, error) from error
    return base


def _freeze(base: keras.Model, but_the_last: int) -> None:
    for layer in base.layers[: max(0, len(base.layers) - but_the_last)]:
        layer.trainable = False
