"""A service under stress: opened and served in the test, and what its refusals have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.contract.asgi import NO_TLS, serve
from tests.contract.studies import Json, path
from tuner_service.service.setup import Service, open_service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings
from tuner_service.storage import connections, engine


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[Service, httpx.Client]]:
    """A service, and an administrator's client of its server."""
    with open_service(settings) as service, serve(service) as server:
        headers = {"Authorization": f"Bearer {create_token(service, 'a', 'admin')}"}
        with httpx.Client(
            base_url=server.url, headers=headers, timeout=60, verify=NO_TLS
        ) as client:
            yield service, client


def make_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock or a connection."""
    for module in (engine, connections):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0.5)
        monkeypatch.setattr(module, "FILE_SECONDS", 0.2)


def heartbeat(api: httpx.Client, trial: Json) -> httpx.Response:
    return api.post(path(trial, "heartbeat"), json={"attempt": trial["attempt"]})


def refused(reply: httpx.Response, status: int, code: str) -> None:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert int(reply.headers["retry-after"]) >= 1


def epochs_of(api: httpx.Client, trial: Json) -> list[int]:
    items = api.get(path(trial, "epochs"), params={"limit": 1000}).json()["items"]
    return [item["epoch"] for item in items]
