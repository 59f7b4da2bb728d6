"""A real server and real workers that train Keras models, with kills in the middle."""

import hashlib
import signal
from typing import Any

import psutil

from tests.e2e.house import House

EPOCHS = 12
STUDY: dict[str, Any] = {
    "name": "cancer",
    "search_space": "dense",
    "dataset": "breast_cancer",
    "search": {"algorithm": "random", "seed": 1},
    "training": {
        "epochs": EPOCHS,
        "batch_size": 16,
        "early_stopping": {"monitor": "val_loss", "patience": EPOCHS},
    },
    "budget": {"trials": 3},
}


def test_a_study_survives_a_kill_of_the_server(house: House) -> None:
    server = house.serve()
    worker = house.work("first")
    house.client.post("/v1/studies", json=STUDY).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    server.kill()
    server.wait()
    house.serve()
    house.until(house.completed, worker)

    trials = house.trials()
    assert [(trial["state"], trial["attempt"]) for trial in trials] == [("completed", 1)] * 3
    for trial in trials:
        assert house.epochs(trial["number"]) == list(range(EPOCHS))
        assert trial["model_parameters"] > 0
    folder = "/v1/studies/cancer/trials/0/artifacts"
    files = {item["name"]: item for item in house.get(folder)["items"]}
    assert set(files) == {"architecture.svg", "model.keras", "training.csv", "log.txt"}
    model = house.client.get(f"{folder}/model.keras").content
    assert hashlib.sha256(model).hexdigest() == files["model.keras"]["sha256"]

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0, house.logs()


def test_a_study_survives_a_kill_of_its_worker(house: House) -> None:
    server = house.serve(lease_seconds=2)
    worker = house.work("first")
    house.client.post("/v1/studies", json=STUDY).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    children = psutil.Process(worker.pid).children()
    worker.kill()
    worker.wait()
    assert not psutil.wait_procs(children, 60)[1], "a training process outlived its supervisor"
    second = house.work("second")
    house.until(house.completed, second)

    trials = house.trials()
    assert [trial["state"] for trial in trials] == ["completed"] * 3
    assert [house.epochs(trial["number"]) for trial in trials] == [list(range(EPOCHS))] * 3
    assert max(trial["attempt"] for trial in trials) == 2
    assert trials[-1]["worker"] == "second"
    progress = house.get("/v1/studies/cancer")["progress"]
    assert progress["completed"] == progress["budget"] == 3
    assert server.poll() is None


def test_a_stopped_worker_gives_its_trial_back(house: House) -> None:
    house.serve()
    # One slot trains; the other one waits at the server for just the trial that the first one gives back.
    worker = house.work("first", slots=2)
    endless = {**STUDY["training"], "epochs": 10_000}
    study = {**STUDY, "training": endless, "max_parallel": 1}
    house.client.post("/v1/studies", json=study).raise_for_status()
    house.until(lambda: bool(house.trials() and house.epochs(0)), worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0, house.logs()
    trial = house.trials()[0]
    assert trial["state"] == "queued", house.logs()
    history = house.get("/v1/studies/cancer/trials/0")["history"]
    assert history[-1]["what"] == "released"
