"""The client against a network that misbehaves. Against the real server it is tested in e2e."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tuner_service.client import (
    ApiError,
    BadDownload,
    Client,
    NotConfigured,
    ServerUnreachable,
    StudyEvent,
)
from tuner_service.home import TOKEN_FILE, RunningServer, announce
from tuner_service.wire import ArtifactReply

STUDY: dict[str, Any] = {
    "name": "bowl",
    "state": "running",
    "created_at": "2025-01-01T00:00:00Z",
    "spec": {},
    "space": {"parameters": [], "digest": "0"},
    "progress": dict.fromkeys(
        ("budget", "queued", "running", "completed", "pruned", "failed", "cancelled"), 0
    ),
    "best": None,
}
OVER = {**STUDY, "state": "completed"}


class Reply:
    """What the scripted server says next. ``None`` as a status breaks the connection instead."""

    def __init__(
        self, status: int | None, body: Any = None, content_type: str = "application/json"
    ) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.content_type = content_type


BROKEN = Reply(None)


def event(number: int, kind: str, data: Any) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


class ScriptedServer(ThreadingHTTPServer):
    """Answers with the replies of its script, in order, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        reply = self.server.script.pop(0)
        self.close_connection = True
        if reply.status is None:
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    with closing(Client(server.url, "sesame")) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TUNER_URL", "TUNER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TUNER_HOME", str(tmp_path / "empty"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    announce(home, RunningServer(url="http://127.0.0.1:1", pid=1))
    (home / TOKEN_FILE).write_text("of-the-home\n")
    return home


def token_of(client: Client) -> str:
    return client.transport._http.headers["Authorization"].removeprefix("Bearer ")


def test_arguments_go_before_environment_and_environment_before_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(home=home) as client:
        assert (client.url, token_of(client)) == ("http://127.0.0.1:1", "of-the-home")

    monkeypatch.setenv("TUNER_URL", "http://127.0.0.1:2/")
    monkeypatch.setenv("TUNER_TOKEN", "of-the-environment")
    with Client(home=home) as client:
        assert (client.url, token_of(client)) == ("http://127.0.0.1:2", "of-the-environment")

    with Client("http://127.0.0.1:3", "given", home=home) as client:
        assert (client.url, token_of(client)) == ("http://127.0.0.1:3", "given")


def test_the_environment_names_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_HOME", str(home))

    with Client() as client:
        assert (client.url, token_of(client)) == ("http://127.0.0.1:1", "of-the-home")


def test_the_token_of_the_default_home_stays_on_this_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_HOME", str(home))

    with pytest.raises(NotConfigured, match="for servers on this machine"):
        Client("https://elsewhere.example")
    with Client("http://localhost:9") as client:
        assert token_of(client) == "of-the-home"


def test_a_missing_url_names_the_three_places(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"--url.*TUNER_URL.*empty/server\.json"):
        Client()


def test_a_missing_token_names_the_three_places() -> None:
    with pytest.raises(NotConfigured, match=r"--token.*TUNER_TOKEN.*empty/admin\.token"):
        Client("http://127.0.0.1:1")


def test_a_url_without_scheme_is_refused() -> None:
    with pytest.raises(NotConfigured, match="expected http\\(s\\)://HOST"):
        Client("localhost:8700", "x")


def test_a_token_is_in_no_representation_and_no_error(home: Path) -> None:
    with Client("http://127.0.0.1:1", "sesame") as client:
        with pytest.raises(ServerUnreachable) as caught:
            client.pause("bowl")
        said = f"{client!r} {client.transport!r} {caught.value!r} {caught.value}"

    assert "sesame" not in said
    assert "http://127.0.0.1:1" in said


def test_a_reading_call_is_repeated_when_the_connection_breaks(
    server: ScriptedServer, client: Client
) -> None:
    server.script = [BROKEN, BROKEN, Reply(200, STUDY)]

    assert client.study("bowl").name == "bowl"
    assert len(server.asked) == 3


def test_a_creation_is_repeated_under_one_key(server: ScriptedServer, client: Client) -> None:
    server.script = [BROKEN, Reply(201, STUDY)]

    client.create_study({"search_space": "dense"})

    keys = {headers["Idempotency-Key"] for _, _, headers in server.asked}
    assert (len(server.asked), len(keys)) == (2, 1)


def test_a_call_that_is_not_idempotent_is_sent_once(server: ScriptedServer, client: Client) -> None:
    server.script = [BROKEN, Reply(200, STUDY)]

    with pytest.raises(ServerUnreachable):
        client.extend("bowl", trials=3)
    assert len(server.asked) == 1


def test_a_refusal_is_never_repeated_and_tells_all(server: ScriptedServer, client: Client) -> None:
    problem = {
        "type": "about:blank",
        "title": "Unprocessable",
        "status": 422,
        "detail": "budget is wrong",
        "code": "invalid_request",
        "errors": [{"loc": ["budget", "trials"], "msg": "must be at least 1"}],
    }
    server.script = [Reply(422, problem, "application/problem+json")]

    with pytest.raises(ApiError) as caught:
        client.create_study({})

    error = caught.value
    assert (error.status, error.code, error.detail) == (422, "invalid_request", "budget is wrong")
    assert [(e.loc, e.msg) for e in error.errors] == [(("budget", "trials"), "must be at least 1")]


def test_a_reply_of_another_server_is_told_as_such(server: ScriptedServer, client: Client) -> None:
    server.script = [Reply(502, b"<html>Bad gateway</html>", "text/html")]

    with pytest.raises(ApiError, match="GET /v1/studies/bowl got 502"):
        client.study("bowl")


def test_a_list_goes_on_over_its_pages(server: ScriptedServer, client: Client) -> None:
    server.script = [
        Reply(200, {"items": [STUDY, STUDY], "next_cursor": "more"}),
        Reply(200, {"items": [STUDY], "next_cursor": None}),
    ]

    assert len(list(client.studies(state="running"))) == 3
    assert [path for _, path, _ in server.asked] == [
        "/v1/studies?limit=1000&state=running",
        "/v1/studies?limit=1000&cursor=more&state=running",
    ]


def test_a_name_cannot_leave_its_place_in_the_path(server: ScriptedServer, client: Client) -> None:
    server.script = [Reply(200, STUDY)]

    client.study("../tokens?x=#y")

    assert server.asked[0][1] == "/v1/studies/..%2Ftokens%3Fx%3D%23y"


def test_watching_goes_on_after_the_last_event_that_came(
    server: ScriptedServer, client: Client
) -> None:
    first = event(3, "study", STUDY) + b": still here\n\n" + b"id: 4\nevent: news\ndata: {}\n\n"
    server.script = [
        Reply(200, first, "text/event-stream"),
        BROKEN,
        Reply(200, event(5, "study", OVER), "text/event-stream"),
        Reply(200, OVER),
    ]

    # The first connection ended in good order while the study goes on: it is opened again.
    seen = [(e.id, e.data.state) for e in client.watch("bowl") if isinstance(e, StudyEvent)]

    assert seen == [(3, "running"), (5, "completed")]
    resumed = [
        headers.get("Last-Event-ID") for _, path, headers in server.asked if "events" in path
    ]
    assert resumed == [None, "4", "4"]


def test_watching_goes_on_past_an_end_that_was_taken_back(
    server: ScriptedServer, client: Client
) -> None:
    extended = {**OVER, "progress": {**OVER["progress"], "budget": 7}}
    stream = event(1, "study", OVER) + event(2, "study", STUDY) + event(3, "study", extended)
    server.script = [
        Reply(200, stream, "text/event-stream"),
        Reply(200, extended),
        Reply(200, extended),
    ]

    assert [each.id for each in client.watch("bowl")] == [1, 2, 3]


def test_watching_what_is_over_and_told_ends(server: ScriptedServer, client: Client) -> None:
    server.script = [Reply(200, b"", "text/event-stream"), Reply(200, OVER)]

    assert list(client.watch("bowl", after=9)) == []


def test_watching_a_study_that_is_not_there_says_so(server: ScriptedServer, client: Client) -> None:
    problem = {"type": "", "title": "", "status": 404, "detail": "gone", "code": "unknown_study"}
    server.script = [Reply(404, problem, "application/problem+json")]

    with pytest.raises(ApiError, match="gone"):
        list(client.watch("bowl"))


def test_a_download_that_is_not_what_was_promised_leaves_nothing(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    server.script = [Reply(200, b"half", "application/octet-stream")]
    artifact = ArtifactReply.model_validate(
        {"name": "a.bin", "size": 8, "sha256": "0" * 64, "created_at": "2025-01-01T00:00:00Z"}
    )

    with pytest.raises(BadDownload, match=r"a\.bin"):
        client.download("bowl", 0, artifact, folder)
    assert list(folder.iterdir()) == []
