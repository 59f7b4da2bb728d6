"""Running the application: from the open port to the last reply, through the signals in between."""

import gc
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from tuner_service.errors import TunerError
from tuner_service.server.app import create_app
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings

GRACE_SECONDS = 5
"""How long requests in progress may take after the server was told to stop."""
KEEP_ALIVE_SECONDS = 75
"""Longer than the pause between two of a worker's requests, so that it need not connect anew each time."""
BACKLOG = 2048
SWITCH_SECONDS = 0.001


class PortTaken(TunerError):
    code = "port_taken"

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {why}")


def run_server(
    settings: Settings,
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None] = lambda url: None,
    before_exit: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes a free one.

    ``on_ready`` gets the URL once requests are accepted. At the first signal ``before_exit`` runs while the server
    still serves, so that workers can give back what they hold; then the server stops. A second signal is immediate.
    Raises TunerError.
    """
    listening = _listen(host, port)
    bound = listening.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{bound}"
    with listening, open_service(settings) as service:
        app = create_app(service)
        # A thread that draws charts gives way this soon, each time that a worker's request needs the interpreter again.
        sys.setswitchinterval(SWITCH_SECONDS)
        # What is here now stays. The collector would look through it again and again, and all else waits meanwhile.
        gc.freeze()
        _Server(app, on_ready=lambda: on_ready(url), before_exit=before_exit).run([listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(info[0], info[1])
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(info[4])
        listening.listen(BACKLOG)
    except OSError as error:
        raise PortTaken(host, port, error.strerror or str(error)) from error
    return listening


class _Server(uvicorn.Server):
    def __init__(
        self, app: FastAPI, *, on_ready: Callable[[], None], before_exit: Callable[[], None]
    ) -> None:
        # No access log: a login link's code is in its URL.
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            server_header=False,
        )
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready
        self._before_exit = before_exit
        self._leaving: threading.Thread | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._leaving is not None:
            self.force_exit = True
            self.should_exit = True
            return
        # Not here, in the signal handler: before_exit waits for workers, which need the server to answer.
        self._leaving = threading.Thread(target=self._leave, name="leaving", daemon=True)
        self._leaving.start()

    def _leave(self) -> None:
        try:
            self._before_exit()
        finally:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Long polls and event streams end at this; without it they would use up the grace time.
        self._app.state.stopping.set()
        self._app.state.service.examiner.close()
        await super().shutdown(sockets=sockets)
