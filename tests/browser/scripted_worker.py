"""A worker that trains nothing: it says over HTTP what a real one would."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from tests.browser.made_curves import Metrics, curve, promise
from tests.contract.studies import path

Json = dict[str, Any]
_keys = itertools.count()


@dataclass(frozen=True)
class ScriptedWorker:
    """``api`` carries the worker's own token."""

    name: str
    api: httpx.Client

    def register(self, **body: Any) -> None:
        self.api.put(f"/v1/workers/{self.name}", json=body).raise_for_status()

    def claim(self, study: str) -> Json:
        """Builds the default candidate too, where that is asked for."""
        body = {"worker": self.name, "key": f"{self.name}-{next(_keys)}", "study": study}
        reply = self.api.post("/v1/claims", json=body).raise_for_status()
        assert reply.status_code == 200, f"{study} has nothing to hand out"
        trial: Json = reply.json()
        if trial.get("preflight"):
            found = {"attempt": trial["attempt"], "preflight": _preflight(trial)}
            self.api.post(path(trial, "preflight"), json=found).raise_for_status()
        return trial

    def curve(self, trial: Json, ceiling: float) -> list[Metrics]:
        """What this candidate would report, the same each time; as good as ``ceiling`` at best."""
        data = trial["data"]
        return list(
            curve(
                promise(trial["parameters"], ceiling),
                trial["training"],
                trial["parameters"]["learning_rate"],
                data["outputs"][0]["classes"],
                data["sizes"]["validation"],
                Random(trial["seed"]),
            )
        )

    def report(self, trial: Json, epochs: Iterable[Metrics], first: int = 0) -> str:
        """One epoch after another, until the server says something else than to go on; its last verdict."""
        verdict = "continue"
        for epoch, metrics in enumerate(epochs, first):
            body = {
                "attempt": trial["attempt"],
                "epoch": epoch,
                "metrics": metrics,
                "seconds": round(_seconds(trial) * (1.6 if epoch == first else 1.0), 3),
                "model_parameters": _model_parameters(trial),
            }
            reply = self.api.post(path(trial, "epochs"), json=body).raise_for_status()
            verdict = reply.json()["verdict"]
            if verdict != "continue":
                break
        return verdict

    def finish(self, trial: Json, **body: Any) -> None:
        content = {"attempt": trial["attempt"], "state": "completed", **body}
        self.api.post(path(trial, "finish"), json=content).raise_for_status()

    def train(
        self, trial: Json, ceiling: float, files: Callable[[Json], dict[str, bytes]] | None = None
    ) -> None:
        """To its end, with the files that it leaves."""
        if self.report(trial, self.curve(trial, ceiling)) != "continue":
            return
        for name, content in files(trial).items() if files else ():
            self.upload(trial, name, content)
        self.finish(trial)

    def upload(self, trial: Json, name: str, content: bytes, **query: int) -> None:
        self.api.put(
            path(trial, f"artifacts/{name}"),
            content=content,
            params={"attempt": trial["attempt"], **query},
        ).raise_for_status()


def _seconds(trial: Json) -> float:
    """An epoch's, longer for a larger network and smaller batches."""
    parameters = trial["parameters"]
    size = parameters.get("width", 32) * parameters.get("depth", 2)
    return float(0.6 + size / 60 + 30 / trial["training"].get("batch_size", 64))


def _model_parameters(trial: Json) -> int:
    parameters = trial["parameters"]
    return int(64 * parameters.get("width", 32) * parameters.get("depth", 2) + 650)


def _preflight(trial: Json) -> Json:
    return {
        "parameters": 3466,
        "memory_bytes": 94_000,
        "metrics": ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"],
        "layers": [
            {"name": "flatten", "type": "Flatten", "output_shape": [64], "parameters": 0},
            {"name": "dense", "type": "Dense", "output_shape": [32], "parameters": 2080},
            {"name": "dense_1", "type": "Dense", "output_shape": [32], "parameters": 1056},
            {"name": "label", "type": "Dense", "output_shape": [10], "parameters": 330},
        ],
    }
