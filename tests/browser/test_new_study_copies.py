"""Studies that are opened again, under another name."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.new_study_form import launch, launched
from tests.browser.visitor import Enter
from tests.contract.studies import PARAMETERS

Json = dict[str, Any]

REQUEST: Json = {
    "name": "original",
    "search_space": "dense",
    "dataset": "iris",
    "overrides": {
        "depth": {"min": 1, "max": 2},
        "learning_rate": {"max": 0.1, "step": None},
        "optimizer": {"choices": ["sgd"]},
        "weight_decay": {"value": 0.001},
        "width": {"choices": [64, 16]},
    },
    "objectives": [{"metric": "val_loss", "direction": "minimize"}],
    "search": {"algorithm": "genetic", "population": 8},
    "pruning": {"algorithm": "median", "warmup_epochs": 2},
    "training": {
        "epochs": {"min": 5, "max": 20, "log": True},
        "early_stopping": {"monitor": "loss", "patience": {"choices": [2, 4]}, "verbose": 1},
        "reduce_lr_on_plateau": None,
        "max_silence_seconds": None,
        "retry_failed": True,
    },
    "budget": {"trials": 9, "seconds": 3600.0},
    "max_parallel": 2,
    "priority": -3,
}
EXTERNAL: Json = {
    "name": "own-7",
    "executor": "external",
    "search_space": {"parameters": PARAMETERS},
    "overrides": {"x": {"max": 0.5}},
    "objectives": [{"metric": "cost", "direction": "minimize"}],
}


@pytest.mark.parametrize(
    ("request_", "copy"), [(REQUEST, "original-2"), (EXTERNAL, "own-8")], ids=["keras", "external"]
)
def test_a_copy_asks_for_the_same_under_a_fresh_name(
    enter: Enter, api: httpx.Client, request_: Json, copy: str
) -> None:
    for name in (request_["name"], "own-2", "own-3", "own-4", "own-5", "own-6"):
        assert api.post("/v1/studies", json=request_ | {"name": name}).status_code == 201
    visitor = enter("submitter")
    visitor.open(f"/new?from={request_['name']}")
    expect(visitor.page.get_by_role("textbox", name="Name")).to_have_value(copy)
    launch(visitor.page)
    assert launched(visitor) == copy
    original, copied = (
        api.get(f"/v1/studies/{name}").json()["spec"] for name in (request_["name"], copy)
    )
    assert copied == original | {"name": copy}
