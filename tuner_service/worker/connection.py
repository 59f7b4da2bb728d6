"""The way to the server, and the only place in the worker that retries.

Every request of a worker may be sent any number of times: claims have a key, epochs a number, the rest says the same
again. So a request whose answer was lost is simply repeated.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, Self

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from tuner_service.worker.errors import Refused, Unreachable, not_now, refusal

log = logging.getLogger(__name__)

NOT_NOW = frozenset({429, 502, 503, 504})
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TRANSFER_SECONDS = 60.0
LONGEST_WAIT = 5.0
CHUNK = 1 << 20
FAULTS = 5
"""A server's own mistake (500 and its like) may be gone the next time; after so many it is taken for an answer."""
CUT_UPLOADS = 5
"""An upload that was cut in the middle so many times is given up: some servers and proxies refuse a body that way."""

_backoff = wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT)


class Connection:
    """Requests to one server with one token, from any thread.

    A request is repeated for as long as it takes: a server that is down costs nothing but waiting. Only when ``stop``
    is set, the next failure is final and raises Unreachable.
    """

    def __init__(self, url: str, token: str, stop: threading.Event) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )
        self._stop = stop
        self._outage = Outage(self._client.base_url)
        self._retrying = Retrying(
            retry=retry_if_exception_type(Unreachable),
            wait=_wait,
            stop=stop_when_event_set(stop),
            sleep=sleep_using_event(stop),
            before_sleep=self._outage.begin,
            reraise=True,
        )

    def within(self, seconds: float) -> Self:
        """The same connection for last words: it tries for so long and then raises Unreachable, stop or no stop."""
        last = copy(self)
        last._retrying = self._retrying.copy(
            stop=stop_after_delay(seconds), sleep=threading.Event().wait
        )
        return last

    def request(
        self,
        method: str,
        path: str,
        json: Mapping[str, Any] | None = None,
        *,
        read_seconds: float = READ_SECONDS,
    ) -> httpx.Response:
        """The reply to a request that succeeded. Raises Refused, and Unreachable when it is time to stop."""
        timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS, pool=None)
        return self._repeat(lambda: self._client.request(method, path, json=json, timeout=timeout))

    def put_file(
        self, path: str, file: Path, *, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Stream a file, from its beginning in every try. Raises as ``request`` does."""
        cuts = 0

        def send() -> httpx.Response:
            nonlocal cuts
            with file.open("rb") as content:
                try:
                    return self._client.put(
                        path,
                        content=content,
                        params=params,
                        headers=headers,
                        timeout=httpx.Timeout(TRANSFER_SECONDS, connect=CONNECT_SECONDS, pool=None),
                    )
                except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError) as error:
                    cuts += 1
                    if cuts < CUT_UPLOADS:
                        raise
                    detail = f"{file.name} was cut off {cuts} times while it was sent"
                    raise Refused(0, "upload_cut", detail) from error

        return self._repeat(send)

    def get_file(self, path: str, file: Path) -> str:
        """Write a reply's body to a file, from its beginning in every try; its sha-256, hexadecimal.

        Raises as ``request`` does; Unreachable also when it is time to stop in the middle.
        """
        digest = hashlib.sha256()

        def fetch() -> httpx.Response:
            nonlocal digest
            digest = hashlib.sha256()
            timeout = httpx.Timeout(TRANSFER_SECONDS, connect=CONNECT_SECONDS, pool=None)
            with (
                self._client.stream("GET", path, timeout=timeout) as response,
                file.open("wb") as content,
            ):
                if not response.is_success:
                    response.read()
                    return response
                for chunk in response.iter_bytes(CHUNK):
                    if self._stop.is_set():
                        raise Unreachable("stopped in the middle of a file")
                    content.write(chunk)
                    digest.update(chunk)
                return response

        self._repeat(fetch)
        return digest.hexdigest()

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


def _wait(state: RetryCallState) -> float:
    """Full jitter, so that a fleet does not come back all at once; but never before the server asked for it."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, Unreachable) else None
    return (asked or 0.0) + _backoff(state)
