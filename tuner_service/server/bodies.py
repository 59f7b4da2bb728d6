"""What bodies are taken: JSON that is not too large, and files. Others are refused before they are read."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_BYTES = 4 * 1024**2


class Bodies:
    """ASGI middleware: a body is JSON and says so, except for a file, which may be as large as an upload may be.

    Its errors come up where the body is read, and so become problems like any other.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        is_file = scope["method"] == "PUT" and _takes_a_file(scope["path"])
        most = self._upload_bytes if is_file else JSON_BYTES
        headers = Headers(scope=scope)
        received = 0
        refusal = None if is_file else _not_json(headers)
        if int(headers.get("content-length", "0")) > most:
            refusal = _too_large(most)

        async def checked() -> Message:
            nonlocal received
            if refusal is not None:
                raise refusal
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            return message

        await self._app(scope, checked, send)


def _takes_a_file(path: str) -> bool:
    return "/artifacts/" in path or path.startswith("/v1/datasets/")


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"the body may have at most {most} bytes")


def _not_json(headers: Headers) -> HTTPException | None:
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return None
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return None
    got = f'"{media_type}"' if media_type else "none"
    return HTTPException(415, f"the body's media type must be application/json, got {got}")
