"""A browser, and the real server behind a real port. The pages are the same on both databases: SQLite is enough."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import chromium
from tests.browser.visitor import Enter, entering
from tests.contract.asgi import NO_TLS, Server, serve
from tuner_service.service.setup import Service, open_service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings

# A page may have to wait for its turn: the machine has other tests to run.
expect.set_options(timeout=20_000)


# Not of the session: while Playwright runs, its event loop is in the way of other tests of the same process.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_service(Settings(home=tmp_path / "home", database_url=None)) as opened:
        yield opened


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with serve(service) as running:
        yield running


@pytest.fixture
def enter(browser: Browser, server: Server, service: Service) -> Iterator[Enter]:
    with entering(browser, server.url, service) as entering_:
        yield entering_


@pytest.fixture
def token(service: Service) -> str:
    """An administrator's."""
    return create_token(service, "of-the-test", "admin")


@pytest.fixture
def api(server: Server, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=server.url, headers=headers, verify=NO_TLS) as client:
        yield client
