"""The far end of the wire: a loopback HTTP server that hands out given trials and writes down what it is told."""

import hashlib
import json
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WAIT_SECONDS = 60.0
VERDICTS = ("epochs", "heartbeat", "preflight")


@dataclass(frozen=True)
class Told:
    """One request: the last words of its path (``0/epochs``), its body, and what it was answered."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    query: dict[str, list[str]]

    @property
    def action(self) -> str:
        return self.path.rpartition("/")[2]


Answer = tuple[int, dict[str, Any] | bytes]
Rule = Callable[[Told], Answer | None]


def problem(status: int, code: str) -> Answer:
    return status, {"status": status, "code": code, "detail": f"it is {code}"}


def resume(epoch: int, content: bytes) -> dict[str, Any]:
    """What a claim says of a checkpoint with this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"epoch": epoch, "checkpoint": f"checkpoint-{epoch}", "sha256": sha256}


@dataclass
class ScriptedServer:
    """``rule`` may answer a request in another way than the friendly one. ``stop`` and ``start`` keep the port."""

    lease_seconds: float = 60.0
    rule: Rule = lambda told: None
    told: list[Told] = field(default_factory=list)
    trials: deque[dict[str, Any]] = field(default_factory=deque)
    port: int = 0

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self._claims: dict[str, dict[str, Any]] = {}
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """As a killed server goes: no more connections, and those that there are break."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.break_connections()
            self._server = None

    def give(self, script: str, number: int = 0, attempt: int = 1, **more: Any) -> None:
        """Put up a trial whose process follows the script; ``more`` of what a claim is answered."""
        with self.changed:
            self.trials.append(
                {
                    "study": "s",
                    "number": number,
                    "attempt": attempt,
                    "parameters": {"script": script},
                    "training": {"epochs": 3},
                    "lease_seconds": self.lease_seconds,
                    "resume": None,
                    "checkpoint_seconds": 30.0,
                    "executor": "keras",
                    "search_space": "dense",
                    "dataset": "digits",
                    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
                    "seed": 7,
                    **more,
                }
            )
            self.changed.notify_all()

    def of(self, number: int, action: str) -> list[Told]:
        with self.changed:
            return [t for t in self.told if f"/trials/{number}/{action}" in t.path]

    def wait_for(self, number: int, action: str, count: int = 1) -> list[Told]:
        """The requests of this kind for a trial, once there are so many."""
        with self.changed:
            there = self.changed.wait_for(
                lambda: len(self.of(number, action)) >= count, WAIT_SECONDS
            )
            assert there, f"no {count} × {action} of trial {number}; told: {self.told}"
            return self.of(number, action)

    def actions(self, number: int) -> list[str]:
        """What was told of a trial, in order, heartbeats left out."""
        with self.changed:
            paths = [t for t in self.told if f"/trials/{number}/" in t.path]
            return [t.action for t in paths if t.action != "heartbeat"]

    def answer(self, told: Told) -> Answer:
        with self.changed:
            answer = self.rule(told) or self._friendly(told)
            self.told.append(told)
            self.changed.notify_all()
            return answer

    def _friendly(self, told: Told) -> Answer:
        if told.path == "/v1/claims":
            key = told.body["key"]
            if key not in self._claims:
                if not self.changed.wait_for(lambda: self.trials, timeout=0.1):
                    return 204, {}
                self._claims[key] = self.trials.popleft()
            return 200, self._claims[key]
        if told.action == "fall-back":
            return 200, {"resume": None}
        return 200, {"verdict": "continue"} if told.action in VERDICTS else {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.open: set[Any] = set()

    def break_connections(self) -> None:
        for request in list(self.open):
            self.shutdown_request(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


def _handler(script: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = self.headers.get("Content-Type") == "application/json"
            body = json.loads(raw) if is_json else raw
            told = Told(self.command, url.path, body, dict(self.headers), parse_qs(url.query))
            status, reply = script.answer(told)
            content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            content = b"" if status == 204 else content
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
