"""What the proxy does to requests, seen by a real client and a real server at its ends."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.chaos.journal import Journal
from tests.chaos.network import Network, Trouble
from tests.chaos.proxy import Proxy

BODY = b"x" * 100_000


class Only(Network):
    """A network in which the first request has this trouble, and no other has any."""

    def __init__(self, trouble: Trouble | None) -> None:
        super().__init__("seed")
        self._next = trouble

    def draw(self, *, method: str) -> Trouble | None:
        trouble, self._next = self._next, None
        return trouble

    def seconds(self, most: float) -> float:
        return 0.0


@dataclass
class Ends:
    """The server's side: the bodies that came whole."""

    received: list[bytes] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def until(self, count: int) -> bool:
        with self.came:
            return self.came.wait_for(lambda: len(self.received) >= count, timeout=10)


@pytest.fixture
def server() -> Iterator[tuple[Ends, int]]:
    ends = Ends()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if len(body) < len(BODY):
                self.close_connection = True
                return
            with ends.came:
                ends.received.append(body)
                ends.came.notify_all()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b'{"a": "b"}\n')

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield ends, http.server_port
        http.shutdown()


def put(trouble: Trouble | None, port: int, journal: Journal) -> httpx.Response | None:
    """The answer through a proxy; None if the connection broke off."""
    proxy = Proxy(port, Only(trouble), journal)
    proxy.start()
    try:
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            return client.put(f"http://127.0.0.1:{proxy.port}/file?attempt=1", content=BODY)
    except httpx.TransportError:
        return None
    finally:
        if trouble in (Trouble.REPEAT, Trouble.REPEAT_LATER):
            _until_noted(journal, 2)
        proxy.close()


def _until_noted(journal: Journal, count: int) -> None:
    deadline = time.monotonic() + 10.0
    while len(list(journal.entries())) < count:
        assert time.monotonic() < deadline, "the repetition was not answered"
        time.sleep(0.01)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.jsonl")
    yield opened
    opened.close()


@pytest.mark.parametrize("trouble", [None, Trouble.DELAY])
def test_what_arrives_is_noted_with_its_digest(
    trouble: Trouble | None, server: tuple[Ends, int], journal: Journal
) -> None:
    answer = put(trouble, server[1], journal)

    assert answer is not None
    assert answer.json() == {"a": "b"}
    (entry,) = journal.entries()
    assert (entry.method, entry.path, entry.query) == ("PUT", "/file", "attempt=1")
    assert (entry.status, entry.reply, entry.fault) == (200, {"a": "b"}, trouble)
    assert entry.body_sha256 is not None


@pytest.mark.parametrize(
    "trouble",
    [Trouble.DROP_REQUEST, Trouble.CUT_REQUEST, Trouble.CUT_UPLOAD, Trouble.HALF_OPEN],
)
def test_a_request_that_does_not_arrive_is_not_noted(
    trouble: Trouble, server: tuple[Ends, int], journal: Journal
) -> None:
    assert put(trouble, server[1], journal) is None
    assert server[0].received == []
    assert list(journal.entries()) == []


@pytest.mark.parametrize("trouble", [Trouble.DROP_ANSWER, Trouble.CUT_ANSWER])
def test_an_answer_that_is_lost_on_its_way_counts(
    trouble: Trouble, server: tuple[Ends, int], journal: Journal
) -> None:
    assert put(trouble, server[1], journal) is None
    assert server[0].received == [BODY]
    assert [entry.status for entry in journal.entries()] == [200]


@pytest.mark.parametrize("trouble", [Trouble.REPEAT, Trouble.REPEAT_LATER])
def test_a_repeated_request_arrives_twice_and_is_answered_once(
    trouble: Trouble, server: tuple[Ends, int], journal: Journal
) -> None:
    answer = put(trouble, server[1], journal)

    assert answer is not None
    assert server[0].until(2)
    assert server[0].received == [BODY, BODY]
    assert [entry.status for entry in journal.entries()] == [200, 200]
