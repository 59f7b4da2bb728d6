"""Learning curves that nobody trained: towards what a candidate is good for, with noise, under Keras's callbacks."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Metrics = dict[str, float | None]
OPTIMIZERS = {"adam": 0.0, "rmsprop": 0.006, "sgd": 0.015}


@dataclass(frozen=True)
class Promise:
    """What a candidate comes to: its accuracy in the end, which part of the way an epoch goes, how fast it overfits.

    ``confidence`` is what being sure of its mistakes adds to its loss.
    """

    accuracy: float
    pace: float
    overfitting: float
    confidence: float


def promise(parameters: Mapping[str, Any], ceiling: float) -> Promise:
    """Best near a learning rate of 2e-3 in a wide network with little dropout, where ``ceiling`` is reached."""
    rate = math.log10(parameters["learning_rate"]) + 2.7
    width = math.log2(parameters["width"] / 8)
    dropout = parameters.get("dropout", 0.0)
    lost = (
        0.05 * rate**2
        + 0.004 * (5 - width) ** 2
        + 0.35 * (dropout - 0.15) ** 2
        + OPTIMIZERS[parameters["optimizer"]]
        + (0.0 if parameters.get("batch_norm") else 0.008)
        + 0.006 * abs(parameters.get("depth", 2) - 2)
    )
    return Promise(
        accuracy=ceiling * (1 - lost),
        pace=0.45 * 10 ** (0.35 * rate),
        overfitting=0.004 * width * (1 - 1.8 * dropout),
        confidence=0.09 * width * (1 - 1.2 * dropout),
    )


class ReduceOnPlateau:
    """``keras.callbacks.ReduceLROnPlateau`` of a loss, without its cooldown."""

    def __init__(self, settings: Mapping[str, Any] | None, rate: float) -> None:
        self.rate = rate
        self._settings = settings
        self._best, self._waited = math.inf, 0

    def after(self, loss: float) -> None:
        if self._settings is None:
            return
        if loss < self._best - self._settings["min_delta"]:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self._settings["patience"]:
            self.rate, self._waited = self.rate * self._settings["factor"], 0


def curve(
    promised: Promise,
    training: Mapping[str, Any],
    rate: float,
    classes: int,
    validated: int,
    rng: Random,
) -> Iterator[Metrics]:
    """Epoch by epoch, until early stopping or the last. ``validated``: of so many examples each is right or wrong."""
    chance, first_loss = 1 / classes, math.log(classes)
    floor = 0.8 * (1 - promised.accuracy) + promised.confidence
    plateau = ReduceOnPlateau(training["reduce_lr_on_plateau"], rate)
    stopping = training["early_stopping"]
    # Some candidates happen to get the few examples right by which they are judged.
    luck = rng.gauss(0, math.sqrt(promised.accuracy * (1 - promised.accuracy) / validated))
    way, best, waited = 0.0, math.inf, 0
    for epoch in range(training["epochs"]):
        share = plateau.rate / rate
        way += promised.pace * math.sqrt(share)
        left = math.exp(-way)
        noise = 0.2 + 0.8 * share
        right = promised.accuracy - (promised.accuracy - chance) * left
        accuracy = right + luck * (1 - left) + rng.gauss(0, 0.006 * noise)
        loss = floor + (first_loss - floor) * left + promised.overfitting * epoch
        loss *= 1 + rng.gauss(0, 0.035 * noise)
        trained = (0.55 * floor + (first_loss - 0.55 * floor) * left) * (1 + rng.gauss(0, 0.01))
        yield {
            "loss": round(trained, 5),
            "accuracy": round(min(1.0, right + 0.012 * (1 - left) + rng.gauss(0, 0.002)), 5),
            "val_loss": round(loss, 5),
            "val_accuracy": round(min(1.0, round(accuracy * validated) / validated), 5),
            "learning_rate": plateau.rate,
        }
        plateau.after(loss)
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if stopping is not None and waited >= stopping["patience"]:
            return
