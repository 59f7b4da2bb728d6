"""Browsers take turns. What many of them ask for at once must not stand before a worker's next request."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send


class Turns:
    """ASGI middleware: what comes with a cookie begins one after another, and whatever else is ready goes first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._door = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name == b"cookie" for name, _ in scope["headers"]):
            async with self._door:
                await asyncio.sleep(0)
        await self._app(scope, receive, send)
