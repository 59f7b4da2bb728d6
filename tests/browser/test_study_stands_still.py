"""A study's page where nothing goes on, and says why: no worker is there, or the session is over."""

import httpx
from playwright.sync_api import expect

from tests.browser.scripted_worker import ScriptedWorker
from tests.browser.test_datasets import SHOP
from tests.browser.test_fleet import unheard_of
from tests.browser.visitor import Enter
from tests.contract.studies import claimed, finish, opened
from tuner_service.service.reading.fleet import SILENT_SECONDS
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import log_out

DIGITS = {"name": "s", "search_space": "dense", "dataset": "digits"}


def upload(api: httpx.Client, name: str) -> None:
    told = {"format": "csv", "target": "sold"}
    api.put(f"/v1/datasets/{name}", params=told, content=SHOP).raise_for_status()


def test_a_study_that_no_worker_serves_says_so(enter: Enter, api: httpx.Client) -> None:
    api.post("/v1/studies", json=DIGITS).raise_for_status()
    page = enter("viewer").open("/studies/s")
    expect(page.locator("#waiting")).to_contain_text("No worker serves this study")
    start = page.locator("#start-worker")
    expect(start).to_contain_text("tuner token create --role worker")
    expect(start).to_contain_text("tuner worker --url http://127.0.0.1")


def test_who_is_silent_or_lacks_the_data_serves_no_study(
    enter: Enter, api: httpx.Client, service: Service
) -> None:
    api.post("/v1/studies", json=DIGITS).raise_for_status()
    ScriptedWorker("silent", api).register(search_spaces=["dense"], datasets=["digits"])
    unheard_of(service, "silent", SILENT_SECONDS + 5)
    waiting = enter("viewer").open("/studies/s").locator("#waiting")
    expect(waiting).to_contain_text("No worker is there.")
    ScriptedWorker("w", api).register(search_spaces=["dense"], datasets=["iris"])
    lacks = "does not have both the family “dense” and the data set “digits”."
    expect(waiting).to_contain_text(f"The only worker that is there, w, {lacks}")


def test_uploaded_data_comes_to_whichever_worker_has_the_family(
    enter: Enter, api: httpx.Client
) -> None:
    upload(api, "shop")
    api.post("/v1/studies", json=DIGITS | {"dataset": "shop"}).raise_for_status()
    worker = ScriptedWorker("w", api)
    worker.register(search_spaces=["residual"])
    waiting = enter("viewer").open("/studies/s").locator("#waiting")
    expect(waiting).to_contain_text("w, does not have the family “dense”.")
    worker.register(search_spaces=["dense"])
    expect(waiting).to_contain_text("this study is served by w")


def test_data_that_was_deleted_is_named_and_not_linked(enter: Enter, api: httpx.Client) -> None:
    upload(api, "shop")
    api.post("/v1/studies", json=DIGITS | {"dataset": "shop"}).raise_for_status()
    page = enter("viewer").open("/studies/s")
    link = page.get_by_role("link", name="shop", exact=True)
    expect(link).to_have_attribute("href", "/datasets/shop")
    api.post("/v1/studies/s/cancel").raise_for_status()
    api.delete("/v1/datasets/shop").raise_for_status()
    page.reload()
    expect(page.locator("#facts")).to_contain_text("shop (deleted)")
    expect(link).to_have_count(0)


def test_a_study_that_goes_on_without_a_worker_says_so(enter: Enter, api: httpx.Client) -> None:
    api.post("/v1/studies", json=DIGITS).raise_for_status()
    api.post("/v1/studies/s/trials", json={"parameters": {}}).raise_for_status()
    page = enter("viewer").open("/studies/s")
    expect(page.get_by_role("heading", name="Nothing trains")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("No worker serves this study")
    expect(page.locator("#trials")).to_be_visible()


def test_whoever_is_logged_out_meanwhile_is_told_once(
    enter: Enter, api: httpx.Client, service: Service
) -> None:
    opened(api)
    finish(api, claimed(api))
    visitor = enter("submitter")
    visitor.expected = ["401"]
    page = visitor.open("/studies/demo")
    expect(page.locator("#live")).to_have_text("live")
    [session] = [c for c in page.context.cookies() if c.get("name") == "tuner_session"]
    log_out(service, session["value"])
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status").filter(has_text="you are logged out")).to_be_visible()
    told = page.get_by_role("alert").filter(visible=True)
    expect(told).to_contain_text("You are logged out.")
    expect(page.locator("#live")).to_have_text("logged out")
    expect(page.locator("table.trials tbody tr")).to_have_count(1)
    assert visitor.inaccessible() == []
