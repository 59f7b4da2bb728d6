"""How large a body may be; what is larger is refused as a problem like any other, before it is read."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_BYTES = 4 * 1024**2


class BodyLimit:
    """ASGI middleware: files may be as large as an upload may be, everything else is small JSON."""

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        is_file = scope["method"] == "PUT" and "/artifacts/" in scope["path"]
        most = self._upload_bytes if is_file else JSON_BYTES
        announced = Headers(scope=scope).get("content-length", "")
        received = int(announced) if announced.isdigit() and int(announced) > most else 0

        async def counting() -> Message:
            nonlocal received
            if received <= most:
                message = await receive()
                received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, f"the body may have at most {most} bytes")
            return message

        await self._app(scope, counting, send)
