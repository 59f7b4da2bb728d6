"""As a person would: a real server, a real worker, and everything done on the pages."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visitor import PHONE, Enter, Visitor, entering
from tests.e2e.house import House
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings

STUDY = "iris-by-hand"
READ = ("/", f"/studies/{STUDY}", f"/studies/{STUDY}/trials/0", "/compare", "/fleet", "/datasets")
ACTIONS = "button[data-send], dialog form, a[href^='/new'], input[type=file]"
# As long as a worker may take to start, with much else to do.
LONG = 120_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path / "home")
    opened.serve()
    opened.work("the-worker")
    yield opened
    opened.close()


@pytest.fixture
def enter(browser: Browser, house: House) -> Iterator[Enter]:
    url = str(house.client.base_url).rstrip("/")
    with (
        open_service(Settings(home=house.home, database_url=None)) as beside,
        entering(browser, url, beside) as entering_,
    ):
        yield entering_


# One test: what a worker trained in a minute is looked at from every side.
def test_from_the_form_to_the_best_model(enter: Enter, house: House, tmp_path: Path) -> None:
    submitter = enter("submitter")
    launch_through_the_form(submitter.page)
    watch_and_steer(submitter.page)
    look_at_a_trial(submitter.page, house, tmp_path / "model.keras")
    compare_two(submitter)
    read_on_a_phone(enter("viewer", PHONE))
    find_nothing_to_change(enter("viewer"))
    be_sent_away_as_a_worker(enter("worker"))
    leave(enter("admin"))


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    page.wait_for_load_state()  # What is clicked next may be a script's.


def state(page: Page, text: str) -> None:
    expect(page.locator("#state")).to_have_text(text, timeout=LONG)


def launch_through_the_form(page: Page) -> None:
    heading(page, "Studies")
    page.get_by_role("link", name="New study").first.click()
    heading(page, "New study")
    page.get_by_label("Data set", exact=True).select_option("iris")
    page.get_by_role("radio", name=re.compile("^Dense network")).check()
    page.get_by_label("Epochs: value").fill("20")
    page.get_by_label("Batch size: value").fill("4")
    page.get_by_label("Stop early", exact=False).first.uncheck()
    page.get_by_label("Trials", exact=True).fill("2")
    page.get_by_label("Name", exact=True).fill(STUDY)
    page.get_by_role("button", name="Launch the study").click()
    heading(page, STUDY)


def watch_and_steer(page: Page) -> None:
    page.evaluate("window.stayed = true")
    expect(page.locator("#curves path.js-line").first).to_be_attached(timeout=LONG)
    page.get_by_role("button", name="Pause").click()
    state(page, "paused")
    # While nothing new begins, so that the study is not over before the dialog is filled in.
    page.get_by_role("button", name="Extend…").click()
    page.get_by_label("So many more").fill("1")
    page.get_by_role("dialog").get_by_role("button", name="Extend").click()
    expect(page.locator("#progress")).to_contain_text("of 3 trials")
    page.get_by_role("button", name="Resume").click()
    state(page, "running")
    state(page, "completed")
    assert page.evaluate("window.stayed"), "the page was loaded anew"


def look_at_a_trial(page: Page, house: House, file: Path) -> None:
    page.locator("#trials").get_by_role("link", name="0", exact=True).click()
    heading(page, re.compile("Trial 0"))
    with page.expect_download() as downloading:
        page.get_by_role("link", name="model.keras").click()
    downloading.value.save_as(file)
    artifacts = house.get(f"/v1/studies/{STUDY}/trials/0/artifacts")["items"]
    told = {each["name"]: each["sha256"] for each in artifacts}
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["model.keras"]
    expect(page.get_by_text(told["model.keras"][:12])).to_be_visible()
    picture = page.get_by_role("img", name=re.compile("layers of trial 0"))
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0


def compare_two(submitter: Visitor) -> None:
    page = submitter.open(f"/studies/{STUDY}")
    for number in (0, 1):
        page.locator("#trials").get_by_label(f"trial {number}", exact=False).first.check()
    page.get_by_role("link", name=re.compile("Compare [2t]")).click()
    heading(page, re.compile("Compare"))
    for number in (0, 1):
        trial = f"/studies/{STUDY}/trials/{number}"
        expect(page.locator(f'a[href="{trial}"]').first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^learning_rate"))).to_be_visible()


def read_on_a_phone(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name=STUDY).first.click()
    heading(page, STUDY)
    expect(page.locator("#state")).to_have_text("completed")
    assert not visitor.overflows()
    page.locator("#trials").get_by_role("link", name="0", exact=True).click()
    heading(page, re.compile("Trial 0"))
    assert not visitor.overflows()


def find_nothing_to_change(visitor: Visitor) -> None:
    for path in READ:
        visitor.open(path)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        expect(visitor.page.locator(ACTIONS)).to_have_count(0)
    visitor.expected = ["403"]
    visitor.open("/new")
    heading(visitor.page, "You may not do this")


def be_sent_away_as_a_worker(visitor: Visitor) -> None:
    visitor.expected = ["403"]
    for path in READ:
        visitor.open(path)
        heading(visitor.page, "This token is a worker's")


def leave(visitor: Visitor) -> None:
    visitor.expected = ["401"]
    visitor.page.get_by_role("button", name="Log out").click()
    for path in (*READ, "/new"):
        visitor.open(path)
        heading(visitor.page, "You are not logged in")
        expect(visitor.page.get_by_text("tuner login")).to_be_visible()
