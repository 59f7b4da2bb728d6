"""A trial that was killed three times, beside one that was not."""

import io
import signal
import subprocess
import zipfile
from typing import Any

import h5py
import numpy as np
import psutil
import pytest

from tests.e2e.house import House

EPOCHS = 8
STUDY: dict[str, Any] = {
    "search_space": "dense",
    "dataset": "digits",
    "overrides": {
        "dropout": {"value": 0.3},
        "batch_norm": {"value": True},
        "optimizer": {"value": "adam"},
    },
    "search": {"algorithm": "random", "seed": 3},
    "training": {
        "epochs": EPOCHS,
        "batch_size": 4,
        "early_stopping": {"patience": EPOCHS},
        "reduce_lr_on_plateau": {"patience": 0, "min_delta": 1.0},
        "max_attempts": 10,
    },
    "budget": {"trials": 1},
}


@pytest.mark.timeout(600)  # five processes import Keras, one after the other
def test_a_trial_that_was_killed_three_times_ends_as_one_that_was_not(house: House) -> None:
    house.serve(lease_seconds=2, TUNER_CHECKPOINT_SECONDS="0.01")
    worker = house.work("first")
    house.client.post("/v1/studies", json=STUDY | {"name": "rough"}).raise_for_status()

    def saved() -> int:
        """How many epochs are in the newest checkpoint."""
        if not house.trials("rough"):
            return 0
        files = house.get("/v1/studies/rough/trials/0/artifacts")["items"]
        return max((file.get("checkpoint", 0) for file in files), default=0)

    def until_it_goes_on(after: str, process: subprocess.Popen[bytes]) -> None:
        house.until(lambda: after in _happened(house), process)
        before = saved()  # the ended attempt adds none
        house.until(lambda: saved() > before, process)

    house.until(lambda: saved() > 0, worker)
    psutil.Process(worker.pid).children()[0].kill()  # the training process
    until_it_goes_on("died", worker)
    worker.kill()
    second = house.work("second")
    until_it_goes_on("lease_lost", second)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0, house.logs()
    third = house.work("third")
    house.until(lambda: house.completed("rough"), third)
    house.client.post("/v1/studies", json=STUDY | {"name": "calm"}).raise_for_status()
    house.until(lambda: house.completed("calm"), third)

    again = ["claimed", "resumed"]
    assert _happened(house) == [
        "claimed",
        "died",
        *again,
        "lease_lost",
        *again,
        "released",
        *again,
        "completed",
    ]
    rough, calm = _metrics(house, "rough"), _metrics(house, "calm")
    assert len(calm) == EPOCHS
    assert len({epoch["learning_rate"] for epoch in calm}) > 3, "no rate was reduced"
    assert rough == calm
    assert house.trials("rough")[0]["best_epoch"] == house.trials("calm")[0]["best_epoch"]
    for mine, theirs in zip(_weights(house, "rough"), _weights(house, "calm"), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert len(_training_log(house, "rough")) == EPOCHS + 1


def _happened(house: House) -> list[str]:
    return [line["what"] for line in house.get("/v1/studies/rough/trials/0")["history"]]


def _metrics(house: House, study: str) -> list[dict[str, float]]:
    items = house.get(f"/v1/studies/{study}/trials/0/epochs")["items"]
    return [item["metrics"] for item in items]


def _file(house: House, study: str, name: str) -> bytes:
    response = house.client.get(f"/v1/studies/{study}/trials/0/artifacts/{name}")
    return response.raise_for_status().content


def _training_log(house: House, study: str) -> list[str]:
    return _file(house, study, "training.csv").decode().splitlines()


def _weights(house: House, study: str) -> list[Any]:
    """Every array in ``model.keras``, in the order of their names."""
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(_file(house, study, "model.keras"))) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(
            lambda name, item: (
                arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    assert arrays
    return [arrays[name] for name in sorted(arrays)]
