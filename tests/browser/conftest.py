"""A browser, and the real server behind a real port. The pages are the same on both databases: SQLite is enough."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.browser.visitor import Enter, entering
from tests.contract.asgi import Server, serve
from tuner_service.service.setup import Service, open_service
from tuner_service.settings import Settings


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
