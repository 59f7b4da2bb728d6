"""HTTP/1.1 messages as bytes, read from a stream just far enough to know where they end."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """``head``: the first line and the headers with the empty line; ``raw_body``: as it was sent, chunks and all."""

    head: bytes
    raw_body: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.raw_body

    @property
    def method(self) -> str:
        return self._first_line[0]

    @property
    def target(self) -> str:
        return self._first_line[1]

    @property
    def status(self) -> int:
        return int(self._first_line[1])

    @property
    def ends_connection(self) -> bool:
        return _header(self.head, b"connection") == b"close"

    @property
    def json(self) -> dict[str, Any] | None:
        """The body, if it is a JSON object."""
        if b"json" not in (_header(self.head, b"content-type") or b""):
            return None
        found = json.loads(self.body) if self.body else None
        return found if isinstance(found, dict) else None

    @property
    def _first_line(self) -> list[str]:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")


async def read(stream: asyncio.StreamReader) -> Message | None:
    """The next message; None if the stream ends first, wherever that is."""
    try:
        head = await stream.readuntil(b"\r\n\r\n")
        if _header(head, b"transfer-encoding") == b"chunked":
            raw, body = await _chunked(stream)
        else:
            raw = body = await stream.readexactly(int(_header(head, b"content-length") or 0))
    except (asyncio.IncompleteReadError, OSError):
        return None
    return Message(head, raw, body)


async def _chunked(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    raw, body = bytearray(), bytearray()
    while True:
        line = await stream.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        chunk = await stream.readexactly(size + 2)
        raw += line + chunk
        body += chunk[:size]
        if size == 0:
            return bytes(raw), bytes(body)


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().lower()
    return None
