"""Headers that tell browsers what pages may do: nothing from elsewhere, no inline script, none out of strings.

Style attributes are allowed, since plotly.js writes them; style elements are not.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Swagger UI writes style attributes.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


_COMMON = [
    (b"x-content-type-options", b"nosniff"),
    # Not "no-referrer": with that a form's Origin is "null", by which our own could not be told from another site's.
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_HEADERS = [(b"content-security-policy", POLICY.encode()), *_COMMON]
_DOCS_HEADERS = [(b"content-security-policy", DOCS_POLICY.encode()), *_COMMON]


class SecurityHeaders:
    """ASGI middleware; what a reply says itself stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = _DOCS_HEADERS if scope["path"].startswith("/docs") else _HEADERS

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"].extend(header for header in added if header[0] not in own)
            await send(message)

        await self._app(scope, receive, adding)
