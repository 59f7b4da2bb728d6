"""The network between workers and server: a proxy that understands HTTP just enough to harm it, and notes answers."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Coroutine

from tests.chaos import http_message
from tests.chaos.http_message import Message
from tests.chaos.journal import Journal
from tests.chaos.network import Network, Trouble

DELAY_SECONDS = 1.5
LATER_SECONDS = 4.0
LIMIT = 1 << 20


class Proxy:
    """Listens on a free port of the loopback from ``start`` to ``close``, in a thread of its own."""

    def __init__(self, server_port: int, network: Network, journal: Journal) -> None:
        self.network = network
        self.port = 0
        self._server_port = server_port
        self._journal = journal
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the proxy did not start")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", 0, limit=LIMIT)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = Way(self._server_port)
        try:
            await self._serve(reader, writer, way)
        except (OSError, asyncio.CancelledError):
            pass  # either end broke it off; so does the other end see it
        finally:
            way.cut()
            writer.transport.abort()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: "Way"
    ) -> None:
        following = asyncio.create_task(http_message.read(reader))
        try:
            while (request := await following) is not None:
                # Read on while the answer is awaited: that is how one learns that the client has gone.
                following = asyncio.create_task(http_message.read(reader))
                answering = asyncio.create_task(self._answer(request, writer, way))
                await asyncio.wait({following, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done() and following.result() is None:
                    answering.cancel()
                    return
                if not await answering:
                    return
        finally:
            following.cancel()

    async def _answer(self, request: Message, writer: asyncio.StreamWriter, way: "Way") -> bool:
        """Whether the connection goes on."""
        trouble = self.network.draw(method=request.method)
        if trouble is not None:
            return await self._troubled(trouble, request, writer, way)
        answer = await self._ask(request, way, None)
        return answer is not None and await _deliver(answer.raw, writer, answer)

    async def _troubled(
        self, trouble: Trouble, request: Message, writer: asyncio.StreamWriter, way: "Way"
    ) -> bool:
        match trouble:
            case Trouble.DROP_REQUEST:
                return False
            case Trouble.CUT_REQUEST | Trouble.CUT_UPLOAD:
                await way.send(request.head + request.raw_body[: len(request.raw_body) // 2])
                await asyncio.sleep(0.05)  # or the kernel throws away what was not read yet
                return False
            case Trouble.HALF_OPEN:
                await asyncio.Event().wait()
            case Trouble.DELAY:
                await asyncio.sleep(self.network.seconds(DELAY_SECONDS))
            case Trouble.REPEAT:
                self._spawn(self._again(request, 0.0))
            case Trouble.REPEAT_LATER:
                self._spawn(self._again(request, self.network.seconds(LATER_SECONDS)))
        answer = await self._ask(request, way, trouble)
        if answer is None or trouble is Trouble.DROP_ANSWER:
            return False
        if trouble is Trouble.CUT_ANSWER:
            await _deliver(answer.raw[: len(answer.raw) // 2], writer, answer)
            return False
        return await _deliver(answer.raw, writer, answer)

    async def _again(self, request: Message, seconds: float) -> None:
        """Send the same bytes once more, on another connection."""
        await asyncio.sleep(seconds)
        way = Way(self._server_port)
        try:
            with contextlib.suppress(OSError):
                await self._ask(request, way, Trouble.REPEAT)
        finally:
            way.cut()

    async def _ask(self, request: Message, way: "Way", trouble: Trouble | None) -> Message | None:
        """The server's answer, noted; None if it went away first."""
        answer = await way.ask(request.raw)
        if answer is not None:
            self._note(request, answer, trouble)
        return answer

    def _note(self, request: Message, answer: Message, trouble: Trouble | None) -> None:
        upload = request.method == "PUT" and request.json is None
        self._journal.note(
            request.method,
            request.target,
            request.json,
            answer.status,
            answer.json,
            body_sha256=hashlib.sha256(request.body).hexdigest() if upload else None,
            fault=trouble,
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Way:
    """A connection to the server, made when it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, content: bytes) -> asyncio.StreamReader:
        """Raises OSError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=LIMIT)
        reader, writer = self._streams
        writer.write(content)
        await writer.drain()
        return reader

    async def ask(self, content: bytes) -> Message | None:
        """The answer; None if the connection ends first. Raises OSError."""
        return await http_message.read(await self.send(content))

    def cut(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _deliver(content: bytes, writer: asyncio.StreamWriter, answer: Message) -> bool:
    """Whether the connection goes on afterwards. Raises OSError."""
    writer.write(content)
    await writer.drain()
    return not answer.ends_connection
