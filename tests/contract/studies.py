"""Bodies and steps that the contract tests share."""

import itertools
from typing import Any

import httpx

Json = dict[str, Any]
_keys = itertools.count()

PARAMETERS: list[Json] = [
    {"name": "x", "type": "float", "min": 0.0, "max": 1.0},
    {"name": "kind", "type": "choice", "choices": ["a", "b"]},
    {
        "name": "depth",
        "type": "int",
        "min": 1,
        "max": 4,
        "when": [{"parameter": "kind", "values": ["b"]}],
    },
]


def external(name: str = "demo", **changes: Any) -> Json:
    body: Json = {
        "name": name,
        "executor": "external",
        "search_space": {"parameters": PARAMETERS},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "random", "seed": 1},
        "budget": {"trials": 5},
    }
    return body | changes


def opened(api: httpx.Client, **changes: Any) -> Json:
    reply = api.post("/v1/studies", json=external(**changes))
    assert reply.status_code == 201, reply.text
    study: Json = reply.json()
    return study


def claimed(api: httpx.Client, study: str = "demo", worker: str = "w1") -> Json:
    reply = api.post(
        "/v1/claims", json={"worker": worker, "key": f"key-{next(_keys)}", "study": study}
    )
    assert reply.status_code == 200, reply.text
    trial: Json = reply.json()
    return trial


def path(trial: Json, action: str = "") -> str:
    base = f"/v1/studies/{trial['study']}/trials/{trial['number']}"
    return f"{base}/{action}" if action else base


def report(
    api: httpx.Client, trial: Json, epoch: int, loss: float | None, **more: Any
) -> httpx.Response:
    body = {"attempt": trial["attempt"], "epoch": epoch, "metrics": {"loss": loss}, **more}
    return api.post(path(trial, "epochs"), json=body)


def train(api: httpx.Client, trial: Json, *curve: float, start: int = 0) -> None:
    for epoch, loss in enumerate(curve, start):
        assert report(api, trial, epoch, loss).status_code == 200


def save(api: httpx.Client, trial: Json, epochs: int, content: bytes = b"state") -> httpx.Response:
    return api.put(
        path(trial, f"artifacts/checkpoint-{epochs}"),
        params={"attempt": trial["attempt"], "checkpoint": epochs},
        content=content,
    )


def release(api: httpx.Client, trial: Json, error: str | None = None) -> httpx.Response:
    body = {"attempt": trial["attempt"]} | ({} if error is None else {"error": error})
    return api.post(path(trial, "release"), json=body)


def finish(api: httpx.Client, trial: Json, **body: Any) -> httpx.Response:
    content = {"attempt": trial["attempt"], "state": "completed", **body}
    return api.post(path(trial, "finish"), json=content)


def completed(api: httpx.Client, loss: float, study: str = "demo") -> Json:
    trial = claimed(api, study)
    reply = finish(api, trial, values={"loss": loss})
    assert reply.status_code == 200, reply.text
    ended: Json = reply.json()
    return ended


def progress(api: httpx.Client, study: str = "demo") -> Json:
    reply: Json = api.get(f"/v1/studies/{study}").json()["progress"]
    return reply


def history(api: httpx.Client, trial: Json) -> list[Json]:
    lines: list[Json] = api.get(path(trial)).json()["history"]
    return lines
