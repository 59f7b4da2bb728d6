"""One HTTP client of many threads, closed by the last of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tuner_service.worker.errors import Unreachable


class SharedClient:
    """Closed means that no request begins any more; those under way are neither cut off nor waited for."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._under_way = 0
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[httpx.Client]:
        """The client, for one request and its answer. Raises Unreachable once it is closed."""
        with self._lock:
            if self._closed:
                raise Unreachable("the connection is closed")
            self._under_way += 1
        try:
            yield self._client
        finally:
            with self._lock:
                self._under_way -= 1
                last = self._closed and not self._under_way
            if last:
                self._client.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            last = not self._under_way
        if last:
            self._client.close()
