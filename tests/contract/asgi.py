"""The application behind a real port, in a thread of the test process."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from tuner_service.server.app import create_app
from tuner_service.service.setup import Service

LOOK_SECONDS = 0.005
SHUTDOWN_SECONDS = 2.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain HTTP: reading the certificates takes each of them longer than a test has."""


@dataclass(frozen=True)
class Server:
    url: str
    app: FastAPI


class _Uvicorn(uvicorn.Server):
    """Uvicorn without the tenths of a second that it rests before it ends: there are hundreds of tests."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_level="warning"))
        self.app = app

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # On the loop, whose event it is, as the server itself does: not from the test's thread.
        self.app.state.stopping.set()
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                while state.connections or state.tasks:
                    await asyncio.sleep(LOOK_SECONDS)
        await self.lifespan.shutdown()


@contextmanager
def serve(service: Service) -> Iterator[Server]:
    app = create_app(service)
    server = _Uvicorn(app)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(LOOK_SECONDS)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Server(f"http://127.0.0.1:{port}", app)
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not end"
