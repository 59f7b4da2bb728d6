"""The list of studies: live, searched, steered in place."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import DESKTOP, PHONE, Enter
from tests.contract.studies import claimed, completed, finish, opened, report
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import log_out

HOSTILE = '<img src=x onerror="alert(1)">'


def row(page: Page, name: str) -> Locator:
    named = page.get_by_role("link", name=name, exact=True)
    return page.get_by_role("row").filter(has=named)


def liveness(page: Page) -> Locator:
    return page.locator("#liveness")


def a_few_studies(api: httpx.Client) -> None:
    opened(api, name="done", budget={"trials": 3}, objectives=_minimized(HOSTILE))
    for loss in (0.5, 0.9, 0.1234567):
        finish(api, claimed(api, "done"), values={HOSTILE: loss})
    opened(api, name="broken")
    for _ in range(3):
        finish(api, claimed(api, "broken"), state="failed", error=f"no {HOSTILE}")
    opened(api, name="going-on")
    completed(api, 0.5, "going-on")
    report(api, claimed(api, "going-on"), 0, 0.4)


def _minimized(metric: str) -> list[dict[str, str]]:
    return [{"metric": metric, "direction": "minimize"}]


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_everybody_can_read_it(
    enter: Enter, api: httpx.Client, viewport: dict[str, int], scheme: str
) -> None:
    a_few_studies(api)
    visitor = enter("submitter", viewport, scheme)
    expect(row(visitor.page, "done")).to_contain_text(f"0.1235 {HOSTILE}")
    expect(row(visitor.page, "broken")).to_contain_text(f"no {HOSTILE}")
    line = row(visitor.page, "done").get_by_role("img", name=re.compile("went from 0.5 to 0.1235"))
    expect(line).to_be_visible()
    expect(liveness(visitor.page)).to_have_text("Live")
    assert visitor.inaccessible() == []
    visitor.page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    assert visitor.inaccessible() == []
    assert not visitor.overflows()


def test_news_show_without_a_reload_and_leave_the_reader_alone(
    enter: Enter, api: httpx.Client
) -> None:
    visitor = enter("submitter")
    expect(visitor.page.get_by_role("heading", name="No study yet")).to_be_visible()
    expect(visitor.page.get_by_text("curl -X POST http")).to_be_visible()
    opened(api, name="first")
    pause = row(visitor.page, "first").get_by_role("button", name="Pause first")
    expect(pause).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="No study yet")).to_be_hidden()
    expect(row(visitor.page, "first")).to_contain_text("waits for your program")
    pause.focus()
    completed(api, 0.25, "first")
    expect(row(visitor.page, "first")).to_contain_text("0.25 loss")
    expect(pause).to_be_focused()
    opened(api, name="second")
    expect(visitor.page.get_by_role("row").nth(1)).to_contain_text("second")
    expect(pause).to_be_focused()


def test_a_study_is_steered_in_place(enter: Enter, api: httpx.Client) -> None:
    opened(api, name="mine")
    page = enter("submitter").page
    mine = row(page, "mine")
    mine.get_by_role("button", name="Pause mine").click()
    expect(mine).to_contain_text("paused")
    mine.get_by_role("button", name="Resume mine").click()
    expect(mine).to_contain_text("running")
    expect(mine.get_by_role("link", name="Clone mine")).to_have_attribute("href", "/new?from=mine")
    mine.get_by_role("button", name="Cancel mine").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(mine).to_contain_text("cancelled")
    mine.get_by_role("button", name="Delete mine").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No study yet")).to_be_visible()


def test_a_viewer_is_offered_nothing(enter: Enter, api: httpx.Client) -> None:
    a_few_studies(api)
    page = enter("viewer").page
    expect(row(page, "going-on")).to_be_visible()
    expect(page.locator("#main").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("link", name="New study")).to_have_count(0)


def test_the_search_and_the_filter_are_in_the_address(enter: Enter, api: httpx.Client) -> None:
    for name in ("apples", "pears"):
        opened(api, name=name)
    api.post("/v1/studies/pears/pause")
    visitor = enter("viewer")
    page = visitor.page
    page.get_by_role("searchbox").press_sequentially("ear")
    expect(row(page, "apples")).to_have_count(0)
    expect(row(page, "pears")).to_be_visible()
    expect(page).to_have_url(f"{visitor.url}/?q=ear")
    page.get_by_role("link", name="paused 1").click()
    expect(page).to_have_url(f"{visitor.url}/?q=ear&state=paused")
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("ear")
    expect(row(page, "pears")).to_be_visible()
    page.get_by_role("searchbox").fill("apple")
    expect(page.get_by_text("No paused study has “apple” in its name.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_role("row")).to_have_count(3)


def test_every_study_can_be_reached(enter: Enter, api: httpx.Client) -> None:
    for number in range(101):
        opened(api, name=f"study-{number}")
    page = enter("viewer").page
    expect(page.get_by_text("1 to 100 of 101")).to_be_visible()
    page.get_by_role("link", name="Older").click()
    expect(row(page, "study-0")).to_be_visible()
    expect(page.get_by_text("101 to 101 of 101")).to_be_visible()


def test_a_server_that_is_gone_is_said_and_what_was_seen_stays(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api, name="seen")
    visitor = enter("viewer")
    visitor.expected = ["ERR_FAILED"]
    expect(liveness(visitor.page)).to_have_text("Live")
    visitor.page.route("**/parts/*", lambda route: route.abort())
    expect(liveness(visitor.page)).to_contain_text("does not answer")
    expect(row(visitor.page, "seen")).to_be_visible()
    visitor.page.unroute("**/parts/*")
    expect(liveness(visitor.page)).to_have_text("Live")


def test_whoever_is_logged_out_meanwhile_is_told(
    enter: Enter, api: httpx.Client, service: Service
) -> None:
    opened(api, name="seen")
    visitor = enter("viewer")
    visitor.expected = ["401"]
    expect(liveness(visitor.page)).to_have_text("Live")
    [session] = [c for c in visitor.page.context.cookies() if c.get("name") == "tuner_session"]
    log_out(service, session["value"])
    expect(liveness(visitor.page)).to_have_text("You are logged out")
    expect(row(visitor.page, "seen")).to_be_visible()
