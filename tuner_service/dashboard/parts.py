"""The parts of pages that change: rendered and packed once for everybody who looks at the same.

A page is sent with its part in it; its script (``static/shared/poll.js``) asks for the part again every other second,
and is told 304 as long as it has the newest.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property

from fastapi import Request, Response
from markupsafe import Markup

STANDS_SECONDS = 0.5
"""For so long a part stands without a look at the database, however many ask."""
MOST = 64
"""So many parts are kept; the one that nobody asked for longest goes first."""


@dataclass(frozen=True)
class Part:
    html: Markup

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.html.encode()).hexdigest()[:24]}"'

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.html.encode(), 5)

    def reply(self, request: Request) -> Response:
        # By the server's time a page says how long ago something was: a visitor's clock may be off.
        now = str(round(time.time() * 1000))
        headers = {"ETag": self.etag, "Vary": "Accept-Encoding", "X-Now": now}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(str(self.html), media_type="text/html", headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self.packed, media_type="text/html", headers=headers)


@dataclass
class _Kept:
    part: Part | None = None
    mark: Hashable = None
    looked_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class Parts:
    """The parts of one server, by what is shown in them and to whom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def recent(self, key: Hashable) -> Part | None:
        """The part if it was looked at a moment ago: then nobody needs to look again."""
        kept = self._kept.get(key)
        if kept is None or time.monotonic() - kept.looked_at > STANDS_SECONDS:
            return None
        return kept.part

    def get(
        self, key: Hashable, mark: Callable[[], Hashable], render: Callable[[], Markup]
    ) -> Part:
        """The part, rendered anew if ``mark()`` is another one than it was then."""
        kept = self._at(key)
        with kept.lock:
            if (part := self.recent(key)) is not None:
                return part
            # Read before what is rendered: a change in between is found the next time.
            now = mark()
            if kept.part is None or now != kept.mark:
                kept.part, kept.mark = Part(render()), now
            kept.looked_at = time.monotonic()
            return kept.part

    def _at(self, key: Hashable) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return kept
