"""Browsers that look at a study's page, without the browsers: ``python -m benchmarks.viewers URL STUDY REVISION``.

Each session cookie on standard input is one of them, up to an empty line. It follows the study's events after the
revision, and asks for what the page asks for when a trial changed, at the page's pace (``static/study*.js``), saying
what it has already; every other one has scrolled down. They look until standard input ends, and print for how many
seconds, and how many requests, answers of "not modified" and events that were.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ALWAYS = {
    "/v1/studies/{}": 1.0,
    "/studies/{}/table?order_by=-number&limit=50&offset=0": 2.0,
    "/studies/{}/pace": 10.0,
}
"""What the page asks for, and how many seconds it waits at least before it asks again."""
TOP = {
    "/studies/{}/charts/progress": 2.0,
    "/studies/{}/charts/curves": 5.0,
    "/studies/{}/charts/parallel": 5.0,
}
"""The same as long as its upper half is in the window, and its lower half."""
BOTTOM = {
    "/studies/{}/charts/importance": 10.0,
    "/studies/{}/charts/contour?x=learning_rate&y=width": 10.0,
    "/studies/{}/charts/slices": 10.0,
}


@dataclass
class Viewer:
    host: str
    port: int
    cookie: str
    study: str
    revision: str
    panels: dict[str, float]
    requests: int = 0
    unchanged: int = 0
    events: int = 0
    _tags: dict[str, str] = field(default_factory=dict)
    _news: list[asyncio.Event] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        async with asyncio.TaskGroup() as tasks:
            for path, seconds in self.panels.items():
                stale = asyncio.Event()
                stale.set()
                self._news.append(stale)
                tasks.create_task(self._keep_up(path.format(self.study), seconds, stale))
            tasks.create_task(self._follow())

    async def _keep_up(self, path: str, seconds: float, stale: asyncio.Event) -> None:
        while True:
            await stale.wait()
            stale.clear()
            async with self._turn:
                await self._get(path)
            await asyncio.sleep(seconds)

    async def _get(self, path: str) -> None:
        self._writer.write(self._head(path, f"If-None-Match: {self._tags.get(path, '-')}\r\n"))
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.split(": ", 1) for line in head.splitlines()[1:-1])
        headers = {name.lower(): value for name, value in lines}
        await self._reader.readexactly(int(headers.get("content-length", 0)))
        self.requests += 1
        self.unchanged += head.split()[1] == "304"
        if "etag" in headers:
            self._tags[path] = headers["etag"]

    async def _follow(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(self._head(f"/v1/studies/{self.study}/events?after={self.revision}"))
        async for line in reader:
            if line.startswith(b"event: "):
                self.events += 1
            if line.startswith((b"event: trial", b"event: study")):
                for stale in self._news:
                    stale.set()

    def _head(self, path: str, more: str = "") -> bytes:
        common = f"Host: {self.host}\r\nCookie: {self.cookie}\r\nAccept-Encoding: gzip\r\n"
        return f"GET {path} HTTP/1.1\r\n{common}{more}\r\n".encode()


async def main(url: str, study: str, revision: str) -> None:
    where = urlsplit(url)
    host, port = where.hostname or "", where.port or 80
    cookies = []
    while line := sys.stdin.readline().strip():
        cookies.append(line)
    viewers = [
        Viewer(host, port, cookie, study, revision, ALWAYS | (BOTTOM if place % 2 else TOP))
        for place, cookie in enumerate(cookies)
    ]
    tasks = [asyncio.create_task(viewer.look()) for viewer in viewers]
    started = time.monotonic()
    print("looking", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    done, _ = await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in done - {ended}:
        task.result()  # a viewer ends only when something went wrong
    seconds = time.monotonic() - started
    counts = [
        sum(getattr(v, name) for v in viewers) for name in ("requests", "unchanged", "events")
    ]
    print(seconds, *counts, flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
