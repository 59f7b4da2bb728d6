"""A study's page: what a person sees of a study that goes on, and does to it."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.hostile import PICTURE, hostile_names
from tests.browser.scripted_worker import ScriptedWorker
from tests.browser.visitor import DESKTOP, PHONE, Enter
from tests.contract.asgi import NO_TLS, Server
from tests.contract.studies import Json, claimed, finish, opened, report
from tuner_service.domain.study import FAILURES_IN_A_ROW
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_token

TWO_GOALS = [
    {"metric": "loss", "direction": "minimize"},
    {"metric": "speed", "direction": "maximize"},
]


@pytest.fixture
def api(server: Server, service: Service) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {create_token(service, 'tester', 'admin')}"}
    with httpx.Client(base_url=server.url, headers=headers, verify=NO_TLS) as client:
        yield client


def trained(api: httpx.Client, *losses: float) -> Json:
    """A trial with these epochs, completed."""
    trial = claimed(api)
    for epoch, loss in enumerate(losses):
        report(api, trial, epoch, loss)
    finish(api, trial)
    return trial


def queued(api: httpx.Client, **parameters: float | str) -> None:
    api.post("/v1/studies/demo/trials", json={"parameters": parameters}).raise_for_status()


def rows(page: Page) -> Locator:
    return page.locator("table.trials tbody tr")


def cells(page: Page, column: int) -> list[str]:
    return rows(page).locator(f"td:nth-child({column})").all_inner_texts()


def test_an_epoch_and_a_trial_show_without_a_reload(enter: Enter, api: httpx.Client) -> None:
    opened(api)
    trained(api, 0.9, 0.5)
    running = claimed(api)
    page = enter("viewer").open("/studies/demo")
    curves = page.locator("#curves")
    expect(curves).to_have_attribute("aria-label", re.compile(r"1 trial, 0 running"))
    expect(page.locator("#live")).to_have_text("live")
    report(api, running, 0, 0.4)
    expect(curves).to_have_attribute("aria-label", re.compile(r"2 trials, 1 running"))
    finish(api, running)
    expect(page.locator("#best")).to_contain_text("0.4 loss")
    expect(page.locator("#progress")).to_contain_text("2 of 5 trials")
    expect(rows(page).filter(has_text="completed")).to_have_count(2)
    expect(page.locator("#improvement")).to_have_attribute(
        "aria-label", re.compile(r"0.4 in trial 1, of 2 completed trials; it improved 2 times")
    )


SLOW = """
const { fetch } = window, later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
window.fetch = async (url, how) => {
  if (how.method === "GET") await later(300);
  const reply = await fetch(url, how);
  if (how.method === "DELETE") await later(600);
  return reply;
};
document.dispatchEvent(new CustomEvent("acted", { detail: { url: "/v1/studies/demo/cancel" } }));
"""
"""Reads begin now and come to the server late, while deleting it takes its time."""


def test_a_study_is_steered_from_its_page(enter: Enter, api: httpx.Client) -> None:
    opened(api, budget={"trials": 1})
    page = enter("submitter").open("/studies/demo")
    state = page.locator("#state")
    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(state).to_have_text("running")
    trained(api, 0.5)
    expect(state).to_have_text("completed")
    expect(page.locator("#live")).to_have_text("over")
    page.get_by_role("button", name="Extend…").click()
    page.get_by_label("So many more").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Extend").click()
    expect(page.locator("#progress")).to_contain_text("1 of 4 trials")
    expect(page.locator("#facts")).to_contain_text("4 trials")
    expect(page.locator("#live")).to_have_text("live")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel study", exact=True).click()
    expect(state).to_have_text("cancelled")
    page.get_by_role("button", name="Delete").click()
    page.evaluate(SLOW)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Studies")
    assert api.get("/v1/studies/demo").status_code == 404


def test_a_viewer_sees_no_actions_and_is_told_when_a_study_was_deleted(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api)
    visitor = enter("viewer")
    visitor.expected = ["404"]
    page = visitor.open("/studies/demo")
    expect(page.get_by_role("heading", name="No trial yet")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("a program of your own")
    assert page.locator("main button:visible").count() == 0
    assert page.locator("dialog").count() == 0
    api.delete("/v1/studies/demo").raise_for_status()
    expect(page.get_by_role("alert").filter(has_text="This study was deleted")).to_be_visible()


def test_the_default_model_is_told_once_a_worker_has_built_it(
    enter: Enter, api: httpx.Client
) -> None:
    study = {"name": "s", "search_space": "dense", "dataset": "digits"}
    api.post("/v1/studies", json=study).raise_for_status()
    page = enter("viewer").open("/studies/s")
    expect(page.locator("#live")).to_have_text("live")
    worker = ScriptedWorker("w", api)
    worker.register(search_spaces=["dense"], datasets=["digits"])
    worker.claim("s")
    expect(page.locator("#facts")).to_contain_text("3,466 parameters")


def test_why_a_study_failed_is_one_line_and_the_rest_is_folded(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api, budget={"trials": 9})
    for _ in range(FAILURES_IN_A_ROW):
        finish(api, claimed(api), state="failed", error="no memory\nTraceback:\n  <b>line 1</b>")
    page = enter("viewer").open("/studies/demo")
    reason = page.locator("#reason")
    expect(reason.locator("#reason-line")).to_have_text(
        re.compile("none succeeded; .* no memory.$")
    )
    expect(reason.locator("pre")).to_be_hidden()
    reason.get_by_text("All of the error").click()
    expect(reason.locator("pre")).to_contain_text("  <b>line 1</b>")


def test_the_list_and_the_page_say_the_same_time_left(enter: Enter, api: httpx.Client) -> None:
    opened(api, budget={"trials": 5, "seconds": 7230})
    queued(api, x=0.5)
    page = enter("viewer").open("/")
    expect(page.locator("td[data-label=Time]")).to_contain_text("≈ 2 h left")
    page.goto(page.url + "studies/demo")
    expect(page.locator("#pace")).to_contain_text(re.compile(r"Time left\s*about 2 h"))


def test_a_candidate_is_queued_with_what_its_conditions_allow(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api, budget={"trials": 1})
    queued(api, x=1.340691427018732e-6, kind="a")
    trained(api, 0.5)
    page = enter("submitter").open("/studies/demo")
    page.get_by_role("button", name="Queue a candidate…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Fill in the best so far").click()
    expect(dialog.get_by_label("x", exact=True)).to_have_value("1.340691427018732e-6")
    depth = dialog.get_by_label("depth")
    expect(depth).to_be_hidden()
    dialog.get_by_label("kind").select_option("b")
    depth.fill("9")
    dialog.get_by_role("button", name="Queue it").click()
    expect(depth).to_be_focused()
    expect(dialog.get_by_text("From 1 to 4.")).to_be_visible()
    depth.fill("3")
    dialog.get_by_role("button", name="Queue it").click()
    expect(rows(page).first).to_contain_text("queued")
    expect(page.locator("#state")).to_have_text("running")  # it was completed before
    trial = api.get("/v1/studies/demo/trials/1").json()
    assert trial["parameters"] == {"x": 1.340691427018732e-6, "kind": "b", "depth": 3}


def test_what_is_brushed_narrows_the_table(enter: Enter, api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    for x, kind in [(0.1, "a"), (0.4, "b"), (0.6, "a"), (0.9, "a")]:
        queued(api, x=x, kind=kind)
        trained(api, x)
    page = enter("viewer").open("/studies/demo")
    canvas = page.locator("#parallel canvas.overlay")
    canvas.scroll_into_view_if_needed()
    expect(page.locator("#parallel")).to_contain_text("4 completed trials")
    page.get_by_text("Choose ranges by typing").click()
    page.get_by_label("x, at most").fill("0.7")
    page.keyboard.press("Tab")
    expect(rows(page)).to_have_count(3)
    page.locator("#parallel").get_by_label("b", exact=True).uncheck()
    expect(page.locator("#parallel")).to_contain_text("2 of 4 trials selected")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(4)
    # The axis of the loss is the last one: its upper half.
    box = canvas.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] - 62
    page.mouse.move(x, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2)
    page.mouse.up()
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#parallel")).to_contain_text("2 of 4 trials selected")


def test_the_table_is_sorted_filtered_and_remembers_its_columns(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api, budget={"trials": 9})
    for x in (0.5, 0.1, 0.9):
        queued(api, x=x, kind="a")
        trained(api, x)
    claimed(api)
    page = enter("viewer").open("/studies/demo")
    header = page.get_by_role("columnheader", name="loss")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(header.get_by_role("button")).to_be_focused()
    expect(rows(page).first).to_contain_text("0.1")
    assert cells(page, 4) == ["0.1", "0.5", "0.9", "—"]
    page.get_by_role("combobox", name="State").select_option("completed")
    expect(rows(page)).to_have_count(3)
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Which column").select_option("x")
    page.get_by_label("How it compares").select_option(">=")
    page.get_by_label("With which value").fill("0.3")
    page.get_by_role("button", name="Add").click()
    expect(rows(page)).to_have_count(2)
    for box in rows(page).get_by_role("checkbox").all():
        box.check()
    expect(page.get_by_role("link", name="Compare 2 trials")).to_have_attribute(
        "href", "/compare?trial=demo%2F0&trial=demo%2F2"
    )
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Worker", exact=True).check()
    page.reload()
    expect(page.get_by_role("columnheader", name="Worker")).to_be_visible()


def test_several_objectives_have_a_best_each_and_a_front(enter: Enter, api: httpx.Client) -> None:
    opened(api, objectives=TWO_GOALS)
    for loss, speed in [(0.5, 9.0), (0.2, 3.0), (0.9, 1.0)]:
        finish(api, claimed(api), values={"loss": loss, "speed": speed})
    page = enter("viewer").open("/studies/demo")
    expect(page.locator("#best")).to_contain_text("0.2 loss")
    expect(page.locator("#best")).to_contain_text("9 speed")
    expect(page.locator("#best")).to_contain_text("2 trials on the Pareto front")
    pareto = page.locator("#pareto")
    pareto.scroll_into_view_if_needed()
    expect(pareto).to_have_attribute("aria-label", re.compile("Trials by loss and speed"))
    expect(page.locator("#curves-note")).to_have_text("No epoch has been reported yet.")


def test_of_three_objectives_any_two_are_drawn_over_each_other(
    enter: Enter, api: httpx.Client
) -> None:
    opened(api, objectives=[*TWO_GOALS, {"metric": "size", "direction": "minimize"}])
    for loss, speed in [(0.5, 9.0), (0.2, 3.0)]:
        finish(api, claimed(api), values={"loss": loss, "speed": speed, "size": 1.0})
    page = enter("viewer").open("/studies/demo")
    pareto = page.locator("#pareto")
    pareto.scroll_into_view_if_needed()
    expect(pareto).to_have_attribute("aria-label", re.compile("by loss and speed; .* all 3"))
    card = page.locator("section:has(> #pareto)")
    card.get_by_label("Across").select_option("size")
    expect(pareto).to_have_attribute("aria-label", re.compile("by size and speed"))
    card.get_by_label("Up").select_option("size")
    expect(card.get_by_label("Across")).to_have_value("loss")
    expect(pareto).to_have_attribute("aria-label", re.compile("by loss and size"))


def test_one_menu_of_the_table_is_open_at_a_time(enter: Enter, api: httpx.Client) -> None:
    opened(api)
    trained(api, 0.5)
    page = enter("viewer", PHONE).open("/studies/demo")
    value, worker = page.get_by_label("With which value"), page.get_by_label("Worker", exact=True)
    page.get_by_text("Filter", exact=True).click()
    expect(value).to_be_visible()
    value.press("Escape")
    expect(value).to_be_hidden()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_text("Columns", exact=True).click()
    expect(worker).to_be_visible()
    expect(value).to_be_hidden()
    page.get_by_role("heading", name="Trials", exact=True).click()
    expect(worker).to_be_hidden()


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")])
def test_names_are_text_and_every_part_is_accessible(
    enter: Enter,
    api: httpx.Client,
    server: Server,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    hostile_names(api, ScriptedWorker("w", api))
    visitor = enter("admin", viewport, scheme)
    page = visitor.open("/studies/hostile-names")
    for chart in ("improvement", "curves", "importance", "contour", "slices"):
        page.locator(f"section:has(> #{chart})").scroll_into_view_if_needed()
        expect(page.locator(f"#{chart} .main-svg").first).to_be_visible()
    expect(page.locator("#best")).to_contain_text(f"loss {PICTURE}")
    expect(page.locator("table.trials thead")).to_contain_text(PICTURE)
    page.get_by_text("Choose ranges by typing").click()
    page.get_by_role("button", name="Queue a candidate…").click()
    assert page.locator("main img:not([src^='/static/'])").count() == 0
    page.get_by_role("button", name="Never mind").last.click()
    assert visitor.inaccessible() == []
    assert not visitor.overflows()
