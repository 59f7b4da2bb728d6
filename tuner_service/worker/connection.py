"""The way to the server, and the only place in the worker that retries.

Every request of a worker may be sent any number of times: claims have a key, epochs a number, the rest says the same
again. So a request whose answer was lost is simply repeated.
"""

import hashlib
import logging
import math
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from copy import copy
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from tuner_service.worker.errors import CUT, Refused, Unreachable, not_now, refusal
from tuner_service.worker.shared_client import SharedClient

log = logging.getLogger(__name__)

NOT_NOW = frozenset({429, 502, 503, 504})
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TRANSFER_SECONDS = 60.0
BYTES_PER_SECOND = 10_000_000
"""A server writes a large file down before it answers; it is given the time of a slow disk."""
LONGEST_WAIT = 5.0
CHUNK = 1 << 20
FAULTS = 5
"""A server's own mistake (500 and its like) may be gone the next time; after so many it is taken for an answer."""
MOST_CUTS = 5
"""An upload that was cut in the middle so many times is given up: some servers and proxies refuse a body that way."""
CUTS = (
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
)
LOOK_SECONDS = 0.05


class Connection:
    """Requests to one server with one token, from any thread.

    A request is repeated for as long as it takes: a server that is down costs nothing but waiting. Only when ``stop``
    is set, the next failure is final and raises Unreachable.

    What ``until`` and ``answered_within`` make is closed with the first one; closing waits for nobody.
    """

    def __init__(self, url: str, token: str, stop: threading.Event) -> None:
        client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )
        self._client = SharedClient(client)
        self._stop = stop
        self._read_seconds = READ_SECONDS
        self._connect_seconds = CONNECT_SECONDS
        self._outage = Outage(client.base_url)
        self._retrying = Retrying(
            retry=retry_if_exception_type(Unreachable),
            wait=_wait(LONGEST_WAIT),
            stop=stop_when_event_set(stop),
            sleep=sleep_using_event(stop),
            before_sleep=self._outage.begin,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def until(self, over: threading.Event) -> Self:
        """The same connection, given up at this event instead of at ``stop``: also in the middle of a file."""
        other = copy(self)
        other._stop = over
        other._retrying = self._retrying.copy(
            stop=stop_when_event_set(over), sleep=sleep_using_event(over)
        )
        return other

    def answered_within(self, seconds: float) -> Self:
        """The same connection, that waits no longer than this for an answer, or before it asks again."""
        other = copy(self)
        other._read_seconds = min(seconds, READ_SECONDS)
        other._connect_seconds = min(seconds, CONNECT_SECONDS)
        other._retrying = self._retrying.copy(wait=_wait(min(seconds, LONGEST_WAIT)))
        return other

    def request(
        self,
        method: str,
        path: str,
        json: Mapping[str, Any] | None = None,
        *,
        read_seconds: float | None = None,
    ) -> httpx.Response:
        """The reply to a request that succeeded. Raises Refused, and Unreachable when it is time to stop."""
        timeout = self._timeout(self._read_seconds if read_seconds is None else read_seconds)

        def send() -> httpx.Response:
            with self._client.use() as client:
                return client.request(method, path, json=json, timeout=timeout)

        return self._repeat(send)

    def put(
        self,
        path: str,
        content: Path | bytes,
        *,
        params: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> httpx.Response:
        """Send a file, or what would be in it, from its beginning in every try. Raises as ``request`` does."""
        cuts = 0

        def send() -> httpx.Response:
            nonlocal cuts
            with (
                self._client.use() as client,
                content.open("rb") if isinstance(content, Path) else BytesIO(content) as opened,
            ):
                size = opened.seek(0, os.SEEK_END)
                opened.seek(0)
                try:
                    return client.put(
                        path,
                        content=self._chunks(opened),
                        params=params,
                        headers={**headers, "Content-Length": str(size)},
                        timeout=self._timeout(TRANSFER_SECONDS + size / BYTES_PER_SECOND),
                    )
                except CUTS as error:
                    cuts += 1
                    if cuts < MOST_CUTS:
                        raise
                    raise _cut(path, cuts) from error

        return self._repeat(lambda: self._unless_stopped(send))

    def get_file(self, path: str, file: Path, *, most_cuts: float = math.inf) -> str:
        """Write a reply's body to a file, from its beginning in every try; its sha-256, hexadecimal.

        Raises as ``request`` does, Unreachable also when it is time to stop in the middle, Refused also after so many
        replies that were cut off; and OSError if the file cannot be written.
        """
        digest = hashlib.sha256()
        cuts = 0

        def fetch() -> httpx.Response:
            nonlocal digest, cuts
            digest = hashlib.sha256()
            with (
                self._client.use() as client,
                client.stream("GET", path, timeout=self._timeout(TRANSFER_SECONDS)) as response,
                file.open("wb") as content,
            ):
                if not response.is_success:
                    response.read()
                    return response
                try:
                    for chunk in response.iter_bytes():  # as they come, however slowly
                        self._check_time()
                        content.write(chunk)
                        digest.update(chunk)
                except CUTS as error:
                    cuts += 1
                    if cuts < most_cuts:
                        raise
                    raise _cut(path, cuts) from error
                return response

        self._repeat(lambda: self._unless_stopped(fetch))
        return digest.hexdigest()

    def _timeout(self, read_seconds: float) -> httpx.Timeout:
        return httpx.Timeout(read_seconds, connect=self._connect_seconds, pool=None)

    def _chunks(self, content: BinaryIO) -> Iterator[bytes]:
        while chunk := content.read(CHUNK):
            self._check_time()
            yield chunk

    def _unless_stopped(self, transfer: Callable[[], httpx.Response]) -> httpx.Response:
        """Leave a transfer alone when it is time to stop: one that stalls would end only with its timeout."""
        done: Future[httpx.Response] = Future()

        def run() -> None:
            try:
                done.set_result(transfer())
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=run, name="transfer", daemon=True).start()
        while not wait([done], LOOK_SECONDS).done:
            self._check_time()
        return done.result()

    def _check_time(self) -> None:
        if self._stop.is_set():
            raise Unreachable("stopped in the middle of a file")

    def _repeat(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        faults = 0

        def once() -> httpx.Response:
            nonlocal faults
            try:
                response = send()
            except (httpx.LocalProtocolError, httpx.UnsupportedProtocol):
                raise  # our own mistake; it would be the same the next time
            except httpx.RequestError as error:
                raise Unreachable(str(error) or type(error).__name__) from error
            fault = response.is_server_error and response.status_code not in NOT_NOW
            faults += fault
            if response.status_code in NOT_NOW or (fault and faults < FAULTS):
                raise not_now(response)
            self._outage.end()
            if response.is_success:
                return response
            raise refusal(response)

        return self._retrying(once)


class Outage:
    """Tells the log once when the server goes away and once when it is back, whoever of the threads notices."""

    def __init__(self, url: httpx.URL) -> None:
        # Without the user and password that a URL may hold.
        self._server = f"{url.scheme}://{url.netloc.decode('ascii')}"
        self._lock = threading.Lock()
        self._under_way = False

    def begin(self, state: RetryCallState) -> None:
        with self._lock:
            begun, self._under_way = not self._under_way, True
        if begun and state.outcome is not None:
            reason = state.outcome.exception()
            log.warning("server %s does not answer (%s); waiting for it", self._server, reason)

    def end(self) -> None:
        if not self._under_way:
            return
        with self._lock:
            ended, self._under_way = self._under_way, False
        if ended:
            log.info("server %s answers again", self._server)


def _cut(path: str, cuts: int) -> Refused:
    return Refused(CUT, "transfer_cut", f"{path.rpartition('/')[2]} was cut off {cuts} times")


def _wait(longest_seconds: float) -> Callable[[RetryCallState], float]:
    """Full jitter, so that a fleet does not come back all at once; but never before the server asked for it."""
    backoff = wait_random_exponential(multiplier=0.5, max=longest_seconds)

    def seconds(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unreachable) else None
        return (asked or 0.0) + backoff(state)

    return seconds
