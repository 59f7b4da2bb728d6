"""A user's own models and data, from a folder and by upload, through a real server and a real worker."""

import io
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from tests.e2e.house import House

MODEL = """
import keras

def build(hp):
    "A model of one's own."
    model = keras.Sequential(
        [keras.layers.Dense(hp.Int("units", 4, 16), activation="relu"), keras.layers.Dense(2, "softmax")]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
"""
LINEAR = """
import keras

def build(hp):
    model = keras.Sequential([keras.layers.Dense(1, name="out")])
    model.compile("adam", "mse", metrics=["mae"])
    return model
"""
DATA = """
import numpy as np

def load():
    x = np.random.RandomState(0).rand(300, 3).astype("float32")
    return {"x": x, "y": (x.sum(axis=1) > 1.5).astype("int32")}
"""
TRAINING = {"epochs": 2, "batch_size": 32}


def folders(house: House) -> tuple[str, ...]:
    models, data = house.home.parent / "models", house.home.parent / "data"
    for folder, files in (
        (models, {"mine": MODEL, "linear": LINEAR, "typo": "import kears", "dies": DIES}),
        (data, {"here": DATA, "gone": "def load():\n    open('/nowhere/data.bin')"}),
    ):
        folder.mkdir()
        for name, code in files.items():
            (folder / f"{name}.py").write_text(code)
    return "--search-spaces", str(models), "--datasets", str(data)


DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


def csv(rows: int = 200) -> bytes:
    random = np.random.RandomState(1)
    x = random.rand(rows, 2)
    lines = [f"{a:.4f},{'rb'[int(b > 0.5)]},{'yes' if a > 0.5 else 'no'}" for a, b in x]
    return "\n".join(["size,colour,bought", *lines]).encode()


def opened(house: House, **study: Any) -> Any:
    body = {"budget": {"trials": 2}, "training": TRAINING, **study}
    return house.client.post("/v1/studies", json=body)


def test_own_models_and_data_are_found_trained_and_their_mistakes_told(house: House) -> None:
    house.serve()
    worker = house.work("first", 1, *folders(house))
    # Those that were asked for last are known last.
    house.until(lambda: house.client.get("/v1/datasets/here").is_success, worker)
    spaces = {entry["name"]: entry for entry in house.get("/v1/search-spaces")["items"]}
    assert spaces["mine"]["summary"] == "A model of one's own."
    assert [p["name"] for p in spaces["mine"]["parameters"]] == ["units"]
    assert "typo.py" in spaces["typo"]["error"]
    assert "kears" in spaces["typo"]["error"]
    assert spaces["dies"]["status"] == "broken"
    assert "signal 9" in spaces["dies"]["error"]
    assert "/nowhere/data.bin" in house.get("/v1/datasets/gone")["error"]

    upload = house.client.put("/v1/datasets/shop?format=csv", content=csv())
    assert upload.status_code == 201, upload.text
    for name, dataset in (("uploaded", "shop"), ("local", "here")):
        reply = opened(house, name=name, search_space="mine", dataset=dataset)
        assert reply.status_code == 201, reply.text
        house.until(lambda name=name: house.completed(name), worker)  # type: ignore[misc]  # bound at once
        study = house.get(f"/v1/studies/{name}")
        assert study["preflight"]["parameters"] > 0
        assert "val_accuracy" in study["preflight"]["metrics"]
        for trial in house.trials(name):
            assert trial["state"] == "completed", trial["error"]
            assert trial["model_parameters"] > 0
            where = f"/v1/studies/{name}/trials/{trial['number']}/artifacts/architecture.svg"
            ElementTree.fromstring(house.client.get(where).raise_for_status().text)

    # Of a user's own model nobody knows the metrics before it is built.
    wrong = opened(house, name="wrong", search_space="linear", dataset="here")
    assert wrong.status_code == 201, wrong.text
    house.until(lambda: house.get("/v1/studies/wrong")["state"] == "failed", worker)
    study = house.get("/v1/studies/wrong")
    assert study["reason"].startswith('unknown metric "val_accuracy"; this model reports: ')
    assert "val_mae" in study["reason"]
    assert study["progress"]["completed"] == 0


def test_an_upload_is_fetched_once_for_all_slots(house: House) -> None:
    house.serve()
    file = io.BytesIO()
    x = np.random.RandomState(0).rand(300, 6).astype("float32")
    np.savez(file, x=x, y=(x.mean(axis=1) > 0.5).astype("int32"))
    house.client.put("/v1/datasets/shared?format=npz", content=file.getvalue()).raise_for_status()
    worker = house.work("first", 2)
    opened(
        house, name="s", search_space="dense", dataset="shared", budget={"trials": 4}
    ).raise_for_status()
    house.until(lambda: house.completed("s"), worker)
    log = next(house.home.parent.glob("worker-*.log")).read_text()
    assert log.count("fetching dataset shared") == 1
    kept = Path(house.home.parent / "cache" / "data")
    assert len([entry for entry in kept.iterdir() if entry.name != "locks"]) == 2, "file and arrays"
    assert sys.executable not in log
