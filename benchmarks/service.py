"""A server of the benchmark's own, and a client that costs next to nothing."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tuner_service.home import find_server, read_token

START_SECONDS = 60


@contextmanager
def running(home: Path, *arguments: str, database_url: str | None = None) -> Iterator["Caller"]:
    """``tuner up`` on a free port, stopped in the end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TUNER_")}
    if database_url:
        environment["TUNER_DATABASE_URL"] = database_url
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tuner_service.cli",
            "up",
            "--home",
            str(home),
            "--port",
            "0",
            *arguments,
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while (server := find_server(home)) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        token = read_token(home)
        assert token is not None
        yield Caller(server.url, token)
    finally:
        process.terminate()
        process.wait(60)


class Caller:
    """One kept-alive connection. The standard library's client, so that the server is what is measured."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """The reply's JSON, None for an empty one. Raises RuntimeError for an error."""
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, self._headers)
        reply = self._connection.getresponse()
        data = reply.read()
        if reply.status >= 400:
            raise RuntimeError(f"{method} {path}: {reply.status} {data.decode()}")
        return json.loads(data) if data else None
