"""A server on a home that a test closes and opens again."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.contract.asgi import NO_TLS, serve
from tuner_service.service.setup import open_service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings


@contextmanager
def serving(settings: Settings, token: str | None = None) -> Iterator[httpx.Client]:
    """An administrator's client of a server on this home; ``token`` that of an earlier one."""
    with open_service(settings) as service, serve(service) as server:
        secret = token or create_token(service, "a", "admin")
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(
            base_url=server.url, headers=headers, timeout=60, verify=NO_TLS
        ) as client:
            yield client


def token_of(api: httpx.Client) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")
