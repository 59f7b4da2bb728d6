"""A server for all of these tests: each takes a study of its own."""

from collections.abc import Iterator

import pytest

from tests.e2e.cli.program import Server, serving
from tuner_service.client import Client


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("home"), "up", "--no-worker") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(home=server.home, url=server.url) as client:
        yield client
