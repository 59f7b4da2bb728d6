"""Trials beside one another: what differs, what is best, and their curves."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.hostile import hostile_names
from tests.browser.house import House, epochs, small_house
from tests.browser.visitor import PHONE, Enter
from tests.contract.asgi import Server
from tuner_service.service.setup import Service

GOOD, BAD = [0.5, 0.7, 0.9], [0.4, 0.5, 0.6, 0.61]


@pytest.fixture
def house(server: Server, service: Service) -> Iterator[House]:
    with small_house(server.url, service) as opened:
        yield opened


def compared(*trials: str) -> str:
    return "/compare?" + "&".join(f"trial={trial}" for trial in trials)


def test_trials_of_two_studies_stand_side_by_side(house: House, enter: Enter) -> None:
    house.completed(house.study("one", training={"epochs": 12, "batch_size": 32}), BAD)
    house.completed(house.study("two"), GOOD)
    visitor = enter("viewer")
    page = visitor.open(compared("one/0", "two/0", "two/99", "nonsense"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 trials")
    notes = page.locator(".note:visible")
    expect(notes).to_have_text(
        [
            'Study "two" has no trial 99.',
            '"nonsense" is no trial: write the study, a slash and a number.',
        ]
    )
    table = page.get_by_role("table")
    expect(table.get_by_role("row", name="val_accuracy")).to_contain_text("0.9 ★ the best of these")
    expect(table.get_by_role("row", name="training.batch_size")).to_contain_text("32")
    expect(table.get_by_role("row", name="training.epochs")).to_be_hidden()
    page.get_by_label("also what is the same").check()
    expect(table.get_by_role("row", name="training.epochs")).to_be_visible()
    drawn = page.get_by_role("img", name="val_accuracy over epochs: one/0 ends at 0.61")
    expect(drawn.locator(".main-svg").first).to_be_visible()
    page.get_by_role("combobox", name="Metric").select_option("loss")
    page.get_by_role("combobox", name="Over").select_option("seconds")
    expect(page.get_by_role("img", name="loss over training time")).to_be_visible()
    assert visitor.inaccessible() == []
    page.emulate_media(color_scheme="dark")
    assert visitor.inaccessible() == []
    page.get_by_role("link", name="Remove one/0").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 1 trial")
    assert "one/0" not in page.url


def test_a_trial_is_added_by_its_name_and_remembered(house: House, enter: Enter) -> None:
    study = house.study("one")
    for accuracies in (GOOD, BAD):
        house.completed(study, accuracies)
    page = enter("viewer").open("/compare")
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare trials")
    for trial in ("one/0", "one/1"):
        page.get_by_role("combobox", name="trial").fill(trial)
        page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 trials")
    assert page.url.endswith("/compare?trial=one%2F0&trial=one%2F1")
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    house.trial(study, GOOD[:1])
    page.goto(page.url.partition("/compare")[0] + "/studies/one/trials/2")
    page.get_by_role("link", name="Compare with 2 others").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 3 trials")
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Compare").click()
    # A click may come before the script has run.
    script = "**/compare/compare.js*"
    page.route(script, lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.get_by_role("link", name="Go on with one/0, one/1, one/2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 3 trials")
    page.unroute(script)
    page.get_by_role("link", name="Clear").click()
    expect(page).to_have_url(re.compile("/compare$"))
    page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare trials")
    expect(page.get_by_role("link", name="Go on with")).to_have_count(0)


def test_running_trials_grow_as_one_looks(house: House, enter: Enter) -> None:
    names = ["one", "two", "three"]  # for the third one no connection is left: it is asked for
    running = [house.trial(house.study(name), GOOD[:1]) for name in names]
    page = enter("viewer").open(compared(*(f"{name}/0" for name in names)))
    expect(page.locator("#connection")).to_have_text("live")
    for trial in running:
        house.worker.report(trial, epochs(GOOD)[1:2], first=1)
    ends = ", ".join(f"{name}/0 ends at 0.7" for name in names)
    expect(page.get_by_role("img", name=ends)).to_be_visible()
    house.worker.report(running[0], epochs(GOOD)[2:3], first=2)
    house.worker.finish(running[0])
    expect(page.get_by_role("row", name="val_accuracy")).to_contain_text("0.9 ★")
    expect(page.get_by_role("columnheader", name="one")).to_contain_text("completed")


def test_many_trials_with_odd_names_fit_a_phone(house: House, enter: Enter) -> None:
    hostile_names(house.api, house.worker)
    visitor = enter("viewer", PHONE, "dark")
    page = visitor.open(compared(*(f"hostile-names/{number}" for number in range(13))))
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 12 trials")
    expect(page.locator(".note:visible")).to_contain_text("left out: hostile-names/12")
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("<img src=x onerror=alert(1)>")
    assert not visitor.overflows()
    assert visitor.inaccessible() == []
