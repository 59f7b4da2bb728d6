"""HTTP as the client speaks it: authentication, retries, problem details, pages."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from tuner_service import __version__
from tuner_service.client.errors import (
    ApiError,
    BadDatasetFile,
    FieldProblem,
    ServerUnreachable,
)
from tuner_service.client.location import Location
from tuner_service.wire import ProblemReply

ATTEMPTS = 4
PAGE = 1000
LOOKING_SECONDS = 1000.0
"""How long a server may look into an uploaded file."""


class Transport:
    """One server, one token. Thread-safe, as httpx's client is."""

    def __init__(self, location: Location, timeout: float) -> None:
        self.url = location.url
        self.timeout = timeout
        self._http = httpx.Client(
            base_url=location.url,
            headers={
                "Authorization": f"Bearer {location.token}",
                "User-Agent": f"tuner-service/{__version__}",
            },
            timeout=timeout,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """A reading call's JSON; repeated a few times while the connection fails."""
        return self._repeated(lambda: self.request("GET", path, params=params)).json()

    def text(self, path: str) -> str:
        return self._repeated(lambda: self.request("GET", path)).text

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page as they are asked for."""
        cursor: str | None = None
        while True:
            page = self.get(path, limit=PAGE, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def post_keyed(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """A POST with an idempotency key: repeating it is safe when the connection fails."""
        return self._repeated(lambda: self.request("POST", path, json=body, **options))

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, never repeated. Raises ApiError or ServerUnreachable."""
        if (params := options.get("params")) is not None:
            options["params"] = {name: v for name, v in params.items() if v is not None}
        with self._failures():
            return _checked(self._http.request(method, path, **options))

    def put_file(self, path: str, file: Path, **params: Any) -> Any:
        """Stream a file as the raw body; the reply's JSON. Sent once. Raises BadDatasetFile."""
        try:
            content = file.open("rb")
        except OSError as error:
            raise BadDatasetFile(f"{file}: {error.strerror or error}") from error
        with content:
            if not file.is_file():
                raise BadDatasetFile(f"{file}: is no file")
            # The server answers when it has looked into all of it.
            timeout = httpx.Timeout(self.timeout, read=LOOKING_SECONDS)
            return self.request(
                "PUT",
                path,
                params=params,
                content=content,
                headers={"Content-Type": "application/octet-stream"},
                timeout=timeout,
            ).json()

    @contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> Iterator[httpx.Response]:
        """A GET read piece by piece; ``timeout`` is the longest silence, in seconds."""
        with (
            self._failures(),
            self._http.stream(
                "GET", path, headers=headers, timeout=self.timeout if timeout is None else timeout
            ) as response,
        ):
            if response.is_error:
                response.read()
            yield _checked(response)

    def _repeated(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        retrying = Retrying(
            retry=retry_if_exception_type(ServerUnreachable),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            reraise=True,
        )
        return retrying(call)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ServerUnreachable(self.url, reason) from error


def path(*parts: str | int) -> str:
    """A path under ``/v1`` with every part escaped."""
    return "/".join(("/v1", *(quote(str(part), safe="") for part in parts)))


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        problem = ProblemReply.model_validate(response.json())
    except ValueError:  # not our server, or a proxy before it
        detail = f"{response.request.method} {response.url.path} got {response.status_code}"
        raise ApiError(response.status_code, "unexpected_reply", detail) from None
    errors = [FieldProblem(tuple(item.loc), item.msg) for item in problem.errors or []]
    raise ApiError(response.status_code, problem.code, problem.detail, errors)
