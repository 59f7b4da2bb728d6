"""The studies of the living house, each worked on by scripted workers until it is in the state that it stands for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.browser.scripted_worker import Json, ScriptedWorker
from tests.contract.studies import path

PICTURES = Path(__file__).parents[2] / "docs" / "images" / "families"
NAN = 'metric "loss" became nan in epoch 2'
OUT_OF_MEMORY = (
    "out of memory: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 2147483648 bytes."
)
TRACEBACK = """training failed: ValueError: Input 0 of layer "dense" is incompatible with the layer
Traceback (most recent call last):
  File "search_spaces/dense.py", line 41, in build
    outputs = head(signature, hidden)
  File "search_spaces/blocks/bases.py", line 27, in head
    return keras.layers.Dense(units, name=field.name)(hidden)
ValueError: Input 0 of layer "dense" is incompatible with the layer: expected axis -1 of input shape to have value 64"""
QUICK = {
    "epochs": 12,
    "early_stopping": {"monitor": "val_loss", "patience": 4},
    "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
}
Workers = Sequence[ScriptedWorker]


def opened(api: httpx.Client, **body: Any) -> str:
    reply = api.post("/v1/studies", json={"search": {"algorithm": "random", "seed": 3}} | body)
    assert reply.status_code == 201, reply.text
    name: str = reply.json()["name"]
    return name


def left_by(trial: Json) -> dict[str, bytes]:
    """The files of a trial: as many, and of such names, as a real one leaves."""
    picture = PICTURES / f"{trial['search_space']}.svg"
    epochs = trial["training"]["epochs"]
    rows = [f"{epoch},{0.4 + epoch / 40:.4f},{1.9 - epoch / 10:.4f}" for epoch in range(epochs)]
    lines = [f"Epoch {epoch + 1}/{epochs}\n17/17 - 1s - 63ms/step" for epoch in range(epochs)]
    return {
        "architecture.svg": picture.read_bytes(),
        "model.keras": b"PK\x03\x04" + bytes(range(256)) * 40,
        "training.csv": "\n".join(["epoch,val_accuracy,val_loss", *rows]).encode(),
        "log.txt": "\n".join(lines).encode(),
    }


def digits_dense(api: httpx.Client, workers: Workers) -> list[Json]:
    """Running: some forty completed, a dozen pruned, two failed, one that died once; its two running trials."""
    study = opened(
        api,
        name="digits-dense",
        search_space="dense",
        dataset="digits",
        search={"algorithm": "bayesian", "seed": 7},
        pruning={"algorithm": "median", "startup_trials": 26, "warmup_epochs": 4},
        training=QUICK | {"batch_size": {"choices": [32, 64, 128]}},
        budget={"trials": 80},
    )
    for number in range(56):
        worker = workers[number % len(workers)]
        trial = worker.claim(study)
        if number in (9, 31):
            worker.report(trial, worker.curve(trial, 0.9)[:2])
            worker.finish(trial, state="failed", error=NAN if number == 9 else OUT_OF_MEMORY)
        elif number == 4:
            _dies_and_goes_on(trial, worker, workers[(number + 1) % len(workers)])
        else:
            worker.train(trial, 0.985, left_by if number % 8 == 0 else None)
    running = [workers[0].claim(study) for _ in range(2)]
    for done, trial in zip((4, 2), running, strict=True):
        workers[0].report(trial, workers[0].curve(trial, 0.985)[:done])
    wish = {"parameters": {"depth": 2, "width": 192}}
    api.post(f"/v1/studies/{study}/trials", json=wish).raise_for_status()
    return running


def _dies_and_goes_on(trial: Json, first: ScriptedWorker, second: ScriptedWorker) -> None:
    """Killed two epochs after its checkpoint; another worker goes on from there."""
    epochs = first.curve(trial, 0.985)
    first.report(trial, epochs[:3])
    first.upload(trial, "checkpoint-3", b"three epochs", checkpoint=3)
    lost = [epoch | {"val_accuracy": 0.81, "accuracy": 0.83} for epoch in epochs[3:5]]
    first.report(trial, lost, first=3)
    died = {"attempt": trial["attempt"], "error": "the training process ended by signal 9 (Killed)"}
    first.api.post(path(trial, "release"), json=died).raise_for_status()
    again = second.claim(trial["study"])
    assert again["resume"]["epoch"] == 3
    if second.report(again, epochs[3:], first=3) == "continue":
        second.finish(again)


def digits_separable(api: httpx.Client, workers: Workers) -> None:
    """Completed, with the files of each trial."""
    study = opened(
        api,
        name="digits-separable",
        search_space="separable_convnet",
        dataset="digits",
        overrides={"batch_norm": {"value": True}},
        search={"algorithm": "bayesian", "seed": 7},
        training=QUICK,
        budget={"trials": 16},
    )
    for number in range(16):
        worker = workers[number % len(workers)]
        worker.train(worker.claim(study), 0.992, left_by)


def wine_two_goals(api: httpx.Client, workers: Workers) -> None:
    """Completed towards two objectives that are at odds."""
    study = opened(
        api,
        name="wine-two-goals",
        search_space="dense",
        dataset="wine",
        objectives=[
            {"metric": "val_accuracy", "direction": "maximize"},
            {"metric": "val_loss", "direction": "minimize"},
        ],
        search={"algorithm": "random", "seed": 5},
        training=QUICK | {"epochs": 8},
        budget={"trials": 30},
    )
    for number in range(30):
        worker = workers[number % len(workers)]
        worker.train(worker.claim(study), 0.97)


def iris_paused(api: httpx.Client, workers: Workers) -> None:
    study = opened(
        api,
        name="iris-paused",
        search_space="dense",
        dataset="iris",
        training=QUICK | {"epochs": 8, "reduce_lr_on_plateau": None},
        budget={"trials": 20},
    )
    for _ in range(7):
        workers[0].train(workers[0].claim(study), 0.95)
    api.post(f"/v1/studies/{study}/pause").raise_for_status()


def cancer_cancelled(api: httpx.Client, workers: Workers) -> None:
    study = opened(
        api,
        name="cancer-cancelled",
        search_space="dense",
        dataset="breast_cancer",
        training=QUICK | {"epochs": 6},
        budget={"trials": 30},
    )
    for _ in range(4):
        workers[1].train(workers[1].claim(study), 0.96)
    half = workers[1].claim(study)
    workers[1].report(half, workers[1].curve(half, 0.96)[:3])
    api.post(f"/v1/studies/{study}/cancel").raise_for_status()


def wine_failed(api: httpx.Client, workers: Workers) -> None:
    """Ended by the service after three failures in a row."""
    study = opened(api, name="wine-failed", search_space="dense", dataset="wine")
    for _ in range(3):
        workers[1].finish(workers[1].claim(study), state="failed", error=TRACEBACK)


def reviews_waiting(api: httpx.Client) -> None:
    """No trial yet, and no worker that could take one."""
    opened(api, name="reviews-waiting", search_space="text_convnet", dataset="made_reviews")
