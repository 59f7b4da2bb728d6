"""The stream of events behind a live page."""

import httpx
from playwright.sync_api import expect

from tests.browser.visitor import Enter
from tests.contract.studies import claimed, finish, opened, report

SEEN = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_page_that_nobody_sees_lets_go_and_catches_up(enter: Enter, api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    page = enter("viewer").page
    page.clock.install()
    page.goto(page.url.rstrip("/") + "/studies/demo")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.evaluate(SEEN, True)
    with page.expect_event("requestfailed", lambda request: "/events" in request.url):
        page.clock.fast_forward(11_000)
    report(api, trial, 0, 0.4321).raise_for_status()
    finish(api, trial).raise_for_status()
    page.evaluate(SEEN, False)
    page.clock.fast_forward(2_000)
    expect(page.locator("#trials")).to_contain_text("0.4321")
