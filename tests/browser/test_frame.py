"""What every page has: a way in, a way out, a frame for each role."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE, Enter
from tests.contract.asgi import NO_TLS, Server


@pytest.mark.parametrize("role", ["viewer", "submitter", "worker", "admin"])
def test_each_role_sees_its_first_page(enter: Enter, role: str) -> None:
    visitor = enter(role)
    if role == "worker":
        visitor.expected = ["403"]
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
            "This token is a worker's"
        )
    else:
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Studies")
    assert visitor.inaccessible() == []
    visitor.page.get_by_role("button", name="Log out").click()
    visitor.expected = ["401", "403"]
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("You are not logged in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(enter: Enter, scheme: str) -> None:
    visitor = enter("admin", PHONE, scheme)
    page = visitor.open("/search-spaces")
    assert not visitor.overflows()
    assert visitor.inaccessible() == []
    expect(page.get_by_role("link", name="Search spaces")).to_be_in_viewport(ratio=1)
    header = page.get_by_role("banner").bounding_box()
    assert header is not None
    assert header["height"] < 100


def test_what_is_not_there_is_said_in_a_page(enter: Enter) -> None:
    visitor = enter("viewer")
    visitor.expected = ["404"]
    for path in ("/studies/nowhere", "/nowhere"):
        visitor.open(path)
        heading = visitor.page.get_by_role("heading", level=1)
        expect(heading).to_have_text("There is nothing here")
        expect(visitor.page.get_by_role("link", name="Fleet")).to_be_visible()


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [("GET", "/nowhere", "*/*"), ("POST", "/nowhere", "text/html"), ("GET", "/v1/no", "text/html")],
)
def test_programs_are_told_in_the_words_of_the_api(
    server: Server, method: str, path: str, accept: str
) -> None:
    reply = httpx.request(method, server.url + path, headers={"Accept": accept}, verify=NO_TLS)
    assert (reply.status_code, reply.json()["code"]) == (404, "no_such_route")
