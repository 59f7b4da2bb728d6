"""A small house: one worker, and studies on ``digits`` as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.browser.scripted_worker import Json, ScriptedWorker
from tests.browser.seeds import client, fleet, register_fleet
from tuner_service.service.setup import Service

EARLY = "stopped early after epoch 5: val_loss had not improved for 2 epochs"
RATES = (0.01, 0.01, 0.01, 0.005, 0.005, 0.0025)


@dataclass(frozen=True)
class House:
    """``api`` is a submitter's."""

    api: httpx.Client
    worker: ScriptedWorker

    def study(self, name: str, **changes: Any) -> str:
        body: Json = {
            "name": name,
            "search_space": "dense",
            "dataset": "digits",
            "search": {"algorithm": "random", "seed": 3},
            "training": {"epochs": 12},
            "budget": {"trials": 20},
        }
        self.api.post("/v1/studies", json=body | changes).raise_for_status()
        return name

    def trial(self, study: str, accuracies: list[float]) -> Json:
        """One that has come so far and goes on."""
        trial = self.worker.claim(study)
        self.worker.report(trial, epochs(accuracies))
        return trial

    def completed(self, study: str, accuracies: list[float], **end: Any) -> Json:
        trial = self.trial(study, accuracies)
        self.worker.finish(trial, **end)
        return trial


def epochs(accuracies: list[float]) -> list[dict[str, float | None]]:
    return [
        {
            "loss": round(1.4 - accuracy, 4),
            "accuracy": round(accuracy + 0.02, 4),
            "val_loss": round(1.5 - accuracy, 4),
            "val_accuracy": accuracy,
            "learning_rate": rate,
        }
        for accuracy, rate in zip(accuracies, RATES, strict=False)
    ]


@contextmanager
def small_house(url: str, service: Service) -> Iterator[House]:
    with fleet(url, service) as workers, client(url, service, "house", "submitter") as api:
        register_fleet(workers)
        yield House(api, workers["gpu-node-1"])
