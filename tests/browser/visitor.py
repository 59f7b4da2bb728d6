"""A person in front of a browser: pages of a role, and everything that a page must not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_login_code, create_token

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# What every page is held to: WCAG 2, levels A and AA.
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
_names = count()


@dataclass
class Visitor:
    """A browser logged in as one role. ``complaints``: errors on the console, and requests to other hosts."""

    url: str
    page: Page
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that a test provokes, such as a refused request's status."""

    def __post_init__(self) -> None:
        self.page.on("console", self._heed)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._check)

    def _heed(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.complaints.append(line.text)

    def _check(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob") and where.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"a request to another host: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def inaccessible(self) -> list[str]:
        """What axe finds wrong with the page as it stands."""
        self.page.wait_for_load_state("load")
        found: list[dict[str, Any]] = Axe().run(self.page, options=RULES).response["violations"]
        return [
            f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes']]}"
            for each in found
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than its window, so that a person would have to scroll sideways."""
        self.page.wait_for_load_state("load")  # its style sheets too
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide

    def check(self) -> None:
        left = [c for c in self.complaints if not any(part in c for part in self.expected)]
        assert left == []


Enter = Callable[..., Visitor]


@contextmanager
def entering(browser: Browser, url: str, service: Service) -> Iterator[Enter]:
    """``enter(role, viewport, scheme)`` opens a browser of its own, logged in; each is checked at the end."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def enter(
        role: str = "admin", viewport: dict[str, int] = DESKTOP, scheme: str = "light"
    ) -> Visitor:
        context = browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        visitor = Visitor(url, context.new_page())
        visitors.append(visitor)
        name = f"{role}-{next(_names)}"
        create_token(service, name, role)
        visitor.open(f"/login?code={create_login_code(service, name)}")
        return visitor

    try:
        yield enter
    finally:
        for context in contexts:
            context.close()
    for visitor in visitors:
        visitor.check()
