"""The whole application in process, its clients by role."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.contract.asgi import NO_TLS, Server, serve
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.storage.clock import now
from tuner_service.storage.tables import trials

Json = dict[str, Any]


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with serve(service) as running:
        yield running


@pytest.fixture
def client_of(server: Server, service: Service) -> Iterator[Callable[[str], httpx.Client]]:
    """A client with a fresh token of a role."""
    opened: list[httpx.Client] = []

    def open_client(role: str) -> httpx.Client:
        token = create_token(service, f"{role}-{len(opened)}", role)
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=server.url, headers=headers, timeout=60, verify=NO_TLS)
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def api(client_of: Callable[[str], httpx.Client]) -> httpx.Client:
    """An administrator's client."""
    return client_of("admin")


@pytest.fixture
def expire_leases(service: Service) -> Callable[[], None]:
    """Make every lease end in the past, on the database's own clock."""

    def expire() -> None:
        with service.database.write() as connection:
            connection.execute(
                update(trials)
                .where(trials.c.lease_expires_at.is_not(None))
                .values(lease_expires_at=now() - 1)
            )

    return expire
