"""What a user may call things, and what a page must show as the text that it is."""

from typing import Any

import httpx

from tests.browser.scripted_worker import ScriptedWorker

PICTURE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
QUOTES = """"'`><svg/onload=alert(3)>"""
MARKUP = '<b>bold</b><br><a href="javascript:alert(4)">link</a>'
TEMPLATE = "{{ 7 * 7 }} ${alert(5)} %s"
LONG = "überlanger_名前_🜁_" + "ж" * 120
METRIC = f"loss {PICTURE}"
SPACE: dict[str, Any] = {
    "name": "mine.broken",
    "title": PICTURE,
    "summary": f"{SCRIPT} {MARKUP}",
    "inputs": [{"kinds": ["vector"]}],
    "outputs": [{"kinds": ["class"]}],
    "parameters": [{"name": PICTURE, "type": "choice", "choices": [QUOTES, SCRIPT]}],
    "source": f"my_models/{PICTURE}.py",
    "status": "broken",
    "error": f"line 3: NameError: name '{SCRIPT}' is not defined",
}
DATASET: dict[str, Any] = {
    "name": "mine.table",
    "summary": PICTURE,
    "inputs": [{"name": QUOTES, "kind": "vector", "shape": [4], "dtype": "float32"}],
    "outputs": [
        {
            "name": SCRIPT,
            "kind": "class",
            "shape": [],
            "dtype": "int64",
            "classes": 3,
            "class_names": [PICTURE, MARKUP, LONG],
        }
    ],
    "sizes": {"train": 90, "validation": 30, "test": 30},
    "sha256": "0" * 64,
    "source": f"my_data/{PICTURE}.csv",
}
PARAMETERS: list[dict[str, Any]] = [
    {"name": PICTURE, "type": "float", "min": 0.001, "max": 1.0, "log": True},
    {"name": QUOTES, "type": "choice", "choices": [PICTURE, SCRIPT, MARKUP, TEMPLATE]},
    {
        "name": LONG,
        "type": "int",
        "min": 1,
        "max": 9,
        "when": [{"parameter": QUOTES, "values": [PICTURE, SCRIPT]}],
    },
]


def hostile_names(api: httpx.Client, worker: ScriptedWorker) -> None:
    """An external study with names that would run if a page took them for more than text."""
    study = {
        "name": "hostile-names",
        "executor": "external",
        "search_space": {"parameters": PARAMETERS},
        "objectives": [{"metric": METRIC, "direction": "minimize"}],
        "search": {"algorithm": "random", "seed": 5},
        "pruning": {"algorithm": "median", "startup_trials": 6, "warmup_epochs": 2},
        "budget": {"trials": 20},
    }
    api.post("/v1/studies", json=study).raise_for_status()
    for number in range(12):
        trial = worker.claim("hostile-names")
        reached = abs(trial["parameters"][PICTURE] - 0.1)
        epochs = [{METRIC: round(reached + 1 / (epoch + 1), 4), QUOTES: 0.5} for epoch in range(5)]
        if worker.report(trial, epochs) != "continue":
            continue
        worker.upload(trial, "log.txt", f"{PICTURE}\n{SCRIPT}\n".encode())
        worker.upload(trial, "architecture.svg", HOSTILE_SVG)
        if number == 5:
            worker.finish(trial, state="failed", error=f"{PICTURE}\n{SCRIPT}\n{MARKUP}")
        else:
            worker.finish(trial, values={METRIC: epochs[-1][METRIC]})
    running = worker.claim("hostile-names")
    worker.report(running, [{METRIC: 1.2}, {METRIC: 0.9}])


HOSTILE_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" onload="alert(6)">'
    b"<script>alert(7)</script><text y='20'>drawn</text></svg>"
)
