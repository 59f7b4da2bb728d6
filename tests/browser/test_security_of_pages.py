"""What every page holds to, asked without a browser: who may see it, what it lets a browser run, what it escapes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import count, product
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.browser.hostile import MARKUP, PICTURE, SCRIPT
from tests.browser.seeds import browsing, living
from tests.contract.asgi import serve
from tuner_service.dashboard.assets import FOLDER, PLOTLY, asset
from tuner_service.dashboard.pages import PAGES, login
from tuner_service.dashboard.visitors import PageRoute
from tuner_service.service.setup import Service, open_service
from tuner_service.service.upkeep.tokens import create_login_code, create_token
from tuner_service.settings import Settings

ROUTES = [
    route
    for module in PAGES
    if module is not login
    for route in module.router.routes
    if isinstance(route, APIRoute)
]
TEMPLATES = [route.path for route in ROUTES if isinstance(route, PageRoute)]
DATA = [route.path for route in ROUTES if not isinstance(route, PageRoute)]
THERE = {
    "studies": [
        "digits-dense",
        "digits-separable",
        "wine-two-goals",
        "iris-paused",
        "cancer-cancelled",
        "wine-failed",
        "reviews-waiting",
        "hostile-names",
    ],
    "trials": ["0", "5", "8"],
    "datasets": ["digits", "flowers", "mine.table"],
    "search-spaces": ["dense", "mine.broken"],
}
"""What can stand in a path after each of these words."""
QUERIES = {
    "/new": ("from=hostile-names", "from=digits-dense", "search_space=mine.broken"),
    "/compare": ("trial=hostile-names/0&trial=hostile-names/5&trial=digits-dense/0", "trial=x/1"),
}

_names = count()


def addresses(template: str) -> list[str]:
    """The pages of the living house behind a route."""
    words = re.findall(r"([\w-]+)/\{\w+(?::\w+)?\}", template)
    bare = re.sub(r"\{[^}]*\}", "{}", template)
    paths = [bare.format(*chosen) for chosen in product(*(THERE[word] for word in words))]
    return [*paths, *(f"{template}?{query}" for query in QUERIES.get(template, ()))]


@dataclass(frozen=True)
class House:
    url: str
    service: Service

    @contextmanager
    def entered(self, role: str) -> Iterator[httpx.Client]:
        """A browser's cookies after a login as this role."""
        name = f"{role}-{next(_names)}"
        create_token(self.service, name, role)
        with browsing(self.url) as browser:
            reply = browser.get("/login", params={"code": create_login_code(self.service, name)})
            assert reply.status_code == 303
            yield browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = Settings(home=tmp_path_factory.mktemp("living") / "home", database_url=None)
    with open_service(settings) as service, serve(service) as server:
        living(server.url, service)
        yield House(server.url, service)


@pytest.fixture(scope="module")
def admin(house: House) -> Iterator[httpx.Client]:
    with house.entered("admin") as browser:
        yield browser


@pytest.fixture(scope="module")
def viewer(house: House) -> Iterator[httpx.Client]:
    with house.entered("viewer") as browser:
        yield browser


@pytest.fixture(scope="module")
def worker(house: House) -> Iterator[httpx.Client]:
    with house.entered("worker") as browser:
        yield browser


@pytest.fixture
def stranger(house: House) -> Iterator[httpx.Client]:
    with browsing(house.url) as browser:
        yield browser


class Reading(HTMLParser):
    """What a browser would find dangerous in a page: ``found`` says it in words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.sends: list[str] = []
        self._runs = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction", "xlink:href", "srcdoc"):
            if name in given and not _is_ours(given[name]):
                self.found.append(f"{tag} {name}={given[name]}")
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.found.append(f"a {tag} element")
        if tag == "img" and given.get("src") == "x":
            self.found.append("an unescaped picture")
        if "data-send" in given:
            self.sends.append(given["data-send"])
        # Data for scripts, which no browser runs, may stand in the page.
        self._runs = tag == "script" and given.get("type") != "application/json"

    def handle_data(self, data: str) -> None:
        if self._runs and data.strip():
            self.found.append(f"an inline script: {data[:80]}")

    def handle_endtag(self, tag: str) -> None:
        self._runs = False


def _is_ours(address: str) -> bool:
    return re.match(r"(/(?!/)|#|\?|data:image/|$)", address) is not None


def policy(reply: httpx.Response) -> dict[str, str]:
    parts = reply.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_is_for_those_who_are_logged_in(stranger: httpx.Client, template: str) -> None:
    for address in addresses(template):
        reply = stranger.get(address)
        assert reply.status_code == 401, address
        assert "You are not logged in" in reply.text
        assert reply.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_is_not_for_workers(worker: httpx.Client, template: str) -> None:
    for address in addresses(template):
        reply = worker.get(address)
        assert reply.status_code == 403, address
        assert "This token is a worker" in reply.text


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_runs_nothing_but_scripts_of_ours(admin: httpx.Client, template: str) -> None:
    for address in addresses(template):
        reply = admin.get(address)
        assert reply.status_code in (200, 404), f"{address}: {reply.status_code}"
        allowed = policy(reply)
        assert "unsafe" not in allowed.get("script-src", allowed["default-src"]), address
        assert allowed["default-src"] == "'none'"
        assert reply.headers["x-content-type-options"] == "nosniff"
        if reply.headers["content-type"].startswith("text/html"):
            assert Reading(reply.text).found == [], address
        else:
            assert reply.headers["content-type"] == "image/svg+xml"
            assert "sandbox" in allowed or "script-src" not in allowed, address


def test_a_page_shows_hostile_names_as_the_text_that_they_are(admin: httpx.Client) -> None:
    for address in ("/", "/studies/hostile-names", "/studies/hostile-names/trials/5"):
        page = admin.get(address).text
        assert "&lt;img src=x" in page or "\\u003cimg src=x" in page, address
        for text in (PICTURE, SCRIPT, MARKUP):
            assert text not in page, address


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_viewer_is_offered_nothing_that_changes_anything(
    viewer: httpx.Client, template: str
) -> None:
    for address in addresses(template):
        reply = viewer.get(address)
        assert reply.status_code in (200, 403, 404), address
        if reply.headers["content-type"].startswith("text/html"):
            assert Reading(reply.text).sends == [], address


@pytest.mark.parametrize("template", DATA)
def test_the_data_of_charts_is_for_readers(
    stranger: httpx.Client, worker: httpx.Client, viewer: httpx.Client, template: str
) -> None:
    for address in addresses(template):
        assert stranger.get(address).status_code == 401, address
        assert worker.get(address).status_code == 403, address
        reply = viewer.get(address)
        assert reply.status_code in (200, 422), f"{address}: {reply.status_code} {reply.text}"
        assert "json" in reply.headers["content-type"]
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_cookie_of_a_session_is_out_of_reach_for_scripts_and_other_sites(house: House) -> None:
    create_token(house.service, "cookie", "viewer")
    code = create_login_code(house.service, "cookie")
    with browsing(house.url) as browser:
        cookie = browser.get("/login", params={"code": code}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {}],
)
def test_no_other_site_logs_anybody_out(house: House, headers: dict[str, str]) -> None:
    with house.entered("viewer") as browser:
        assert browser.post("/logout", headers=headers).status_code == 403
        assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/%2e%2e/rendering.py",
        "/static/..%2frendering.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/docs/assets/%2e%2e/__init__.py",
        "/static/nothing.js",
    ],
)
def test_no_file_is_served_that_is_not_meant_to_be(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 404


def test_the_static_folder_holds_scripts_styles_and_pictures_alone() -> None:
    endings = {file.suffix for file in Path(FOLDER).rglob("*") if file.is_file()}
    assert endings <= {".js", ".css", ".svg", ".png"}


def test_the_charts_library_comes_compressed_and_is_kept(stranger: httpx.Client) -> None:
    reply = stranger.get(asset("plotly.min.js"), headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert "immutable" in reply.headers["cache-control"]
    assert int(reply.headers["content-length"]) < len(reply.content) / 2
    again = stranger.get(PLOTLY, headers={"If-None-Match": reply.headers["etag"]})
    assert again.status_code == 304


def test_a_static_file_is_asked_for_again_and_is_the_same(stranger: httpx.Client) -> None:
    reply = stranger.get(asset("shared/charts.js"))
    assert reply.headers["cache-control"] == "no-cache"
    again = stranger.get(
        asset("shared/charts.js"), headers={"If-None-Match": reply.headers["etag"]}
    )
    assert again.status_code == 304
