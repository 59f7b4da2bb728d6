"""Files on their way: given up in the middle, cut off, without room."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.worker.scripted_server import WAIT_SECONDS
from tuner_service.worker.connection import Connection
from tuner_service.worker.errors import Refused, Unreachable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


class Peer:
    """Answers every request with the same bytes; then it cuts the connection, goes on and on, or stalls."""

    def __init__(self, answer: bytes, goes_on: bytes = b"", stall_seconds: float = 0.0) -> None:
        self.answer = answer
        self.goes_on = goes_on
        self.stall_seconds = stall_seconds
        self.asked = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while not self.over.is_set():
            connection, _ = self.listening.accept()
            with connection:
                if not connection.recv(1 << 16):
                    continue
                self.asked += 1
                try:
                    connection.sendall(self.answer)
                    self.over.wait(self.stall_seconds)
                    while self.goes_on and not self.over.wait(0.01):
                        connection.sendall(self.goes_on)
                except OSError:
                    pass  # the other end had enough


@contextmanager
def peer(answer: bytes, goes_on: bytes = b"", stall_seconds: float = 0.0) -> Iterator[Peer]:
    there = Peer(answer, goes_on, stall_seconds)
    there.thread.start()
    try:
        yield there
    finally:
        there.over.set()
        socket.create_connection(there.listening.getsockname()).close()
        there.thread.join()
        there.listening.close()
        for thread in threading.enumerate():
            if thread.name == "transfer":  # given up, it ends with the other end
                thread.join(WAIT_SECONDS)


@contextmanager
def connected(to: Peer) -> Iterator[Connection]:
    with Connection(to.url, "t", threading.Event()) as connection:
        yield connection


def test_a_file_is_given_up_in_the_middle(tmp_path: Path) -> None:
    given_up, file = threading.Event(), tmp_path / "file"
    with peer(HEAD, goes_on=b"x") as far, connected(far) as opened:
        connection = opened.until(given_up)
        failures: list[BaseException] = []

        def fetch() -> None:
            try:
                connection.get_file("/file", file)
            except Unreachable as error:
                failures.append(error)

        fetching = threading.Thread(target=fetch)
        fetching.start()
        while far.asked == 0:
            assert fetching.is_alive()
        given_up.set()
        fetching.join()
    assert len(failures) == 1
    assert far.asked == 1


def test_an_upload_is_given_up_in_the_middle(tmp_path: Path) -> None:
    given_up, file = threading.Event(), tmp_path / "file"
    file.write_bytes(b"x" * (64 << 20))
    given_up.set()
    with peer(b"") as far, connected(far) as opened:
        connection = opened.until(given_up)
        with pytest.raises(Unreachable):
            connection.put("/file", file, params={}, headers={})
    assert far.asked <= 1


def test_a_file_that_is_always_cut_off_is_refused_where_there_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(HEAD + b"half of it") as far, connected(far) as opened:
        connection = opened.answered_within(0.01)
        # As in the test of an upload below: only the wait between two tries is to be short.
        monkeypatch.setattr(connection, "_connect_seconds", WAIT_SECONDS)
        with pytest.raises(Refused, match="file was cut off 3 times"):
            connection.get_file("/a/file", tmp_path / "file", most_cuts=3)
    assert far.asked == 3


def test_a_given_up_connection_leaves_the_others_alone() -> None:
    given_up = threading.Event()
    with peer(b"HTTP/1.1 204 No Content\r\n\r\n") as far, connected(far) as connection:
        connection.until(given_up)
        given_up.set()
        assert connection.request("GET", "/").status_code == 204


def test_an_upload_that_is_never_answered_counts_as_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner_service.worker.connection.TRANSFER_SECONDS", 0.01)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with peer(b"", stall_seconds=0.1) as far, connected(far) as opened:
        connection = opened.answered_within(0.01)
        # A slow machine may need longer to be connected than we wait.
        monkeypatch.setattr(connection, "_connect_seconds", WAIT_SECONDS)
        with pytest.raises(Refused, match="file was cut off 5 times"):
            connection.put("/a/file", file, params={}, headers={})


@pytest.mark.parametrize(("way", "answer"), [("up", b""), ("down", b""), ("down", HEAD + b"half")])
def test_a_file_that_stalls_is_given_up_at_once(tmp_path: Path, way: str, answer: bytes) -> None:
    given_up, file = threading.Event(), tmp_path / "file"
    with peer(answer, stall_seconds=WAIT_SECONDS) as far, connected(far) as opened:
        connection = opened.until(given_up)
        failures: list[BaseException] = []

        def transfer() -> None:
            try:
                if way == "up":
                    connection.put("/file", b"x", params={}, headers={})
                else:
                    connection.get_file("/file", file)
            except Unreachable as error:
                failures.append(error)

        transferring = threading.Thread(target=transfer)
        transferring.start()
        while far.asked == 0:
            assert transferring.is_alive()
        given_up.set()
        # Before the other end says another word: it is let go only after this.
        transferring.join(WAIT_SECONDS / 2)
        assert len(failures) == 1
