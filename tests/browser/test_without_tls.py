"""Over plain HTTP, from another machine: the browser says less of where a request comes from than on localhost."""

from playwright.sync_api import Browser, expect

from tests.browser.chromium import BY_NAME
from tests.browser.visitor import entering
from tests.contract.asgi import Server
from tests.contract.studies import external
from tuner_service.service.setup import Service

OPEN = """async (study) => {
    const headers = {"Content-Type": "application/json"};
    const reply = await fetch("/v1/studies", {method: "POST", headers, body: JSON.stringify(study)});
    return reply.status;
}"""


def test_our_own_pages_may_write_and_log_out(
    browser: Browser, server: Server, service: Service
) -> None:
    url = server.url.replace("127.0.0.1", BY_NAME)
    with entering(browser, url, service) as enter:
        visitor = enter("submitter")
        assert visitor.page.evaluate(OPEN, external()) == 201
        visitor.page.get_by_role("button", name="Log out").click()
        visitor.expected = ["401"]
        heading = visitor.page.get_by_role("heading", level=1)
        expect(heading).to_have_text("You are not logged in")
