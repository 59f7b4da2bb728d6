"""The application behind a real port, in a thread of the test process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from tuner_service.server.app import create_app
from tuner_service.service.setup import Service


@dataclass(frozen=True)
class Server:
    url: str


@contextmanager
def serve(service: Service) -> Iterator[Server]:
    app = create_app(service)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        app.state.stopping.set()
        server.should_exit = True
        thread.join(10)
