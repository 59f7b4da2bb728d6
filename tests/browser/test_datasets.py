"""What data there is, a look into it, and bringing one's own."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.visitor import DESKTOP, PHONE, Enter, Visitor
from tests.contract.test_previews import LOOK
from tuner_service import wire
from tuner_service.service.data import datasets
from tuner_service.service.setup import Service
from tuner_service.service.studies import opening
from tuner_service.service.work import workers

SHOP = "price,town,sold\n" + "".join(
    f"{k % 40},{'Ulm' if k % 3 else 'Bonn'},{'yes' if k % 2 else 'no'}\n" for k in range(90)
)
EVIL = "<img src=x onerror=alert(1)>"


def upload(service: Service, name: str, table: str, target: str) -> None:
    told: dict[str, Any] = {"target": [target], "task": None, "kinds": {}, "image_size": None}
    file = datasets.receive(service, name)
    try:
        file.write(table.encode())
        datasets.store(service, name, file, "csv", told, None)
    finally:
        file.discard()


def a_file(name: str, content: str) -> FilePayload:
    return {"name": name, "mimeType": "", "buffer": content.encode()}


def choose(page: Page, name: str, content: str) -> None:
    page.get_by_role("button", name="Upload data").click()
    page.locator("#file").set_input_files(a_file(name, content))


def drawn(page: Page) -> None:
    expect(page.locator(".chart.loading")).to_have_count(0)
    expect(page.locator(".chart .main-svg").first).to_be_visible()


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_pages_are_for_everybody(
    enter: Enter, service: Service, scheme: str, size: dict[str, int]
) -> None:
    upload(service, "shop", SHOP, "sold")
    visitor = enter("viewer", size, scheme)
    for path in ("/datasets", "/datasets/digits", "/datasets/shop", "/datasets/mnist"):
        page = visitor.open(path)
        if path in ("/datasets/digits", "/datasets/shop"):
            drawn(page)
        assert visitor.inaccessible() == []
        assert not visitor.overflows()
        # A viewer looks, and is offered nothing that changes anything.
        expect(page.get_by_role("button", name=re.compile("Upload|Delete"))).to_have_count(0)
        expect(page.get_by_role("link", name="Start a study with it")).to_have_count(0)


def test_a_set_is_found_by_a_word_and_by_its_kind(enter: Enter) -> None:
    page = enter("viewer").open("/datasets")
    page.get_by_label("Kind of data").select_option("text")
    expect(page.get_by_role("link", name="made_reviews")).to_be_visible()
    expect(page.get_by_role("link", name="digits")).to_be_hidden()
    page.get_by_label("Find a data set").fill("film reviews synthetic")
    expect(page.locator("tr[data-name]:visible")).to_have_count(1)
    page.get_by_label("Find a data set").fill("nothing like it")
    expect(page.get_by_text("No data set is called so.")).to_be_visible()


def test_a_look_shows_pictures_texts_and_how_much_there_is_of_each_class(enter: Enter) -> None:
    visitor = enter("viewer")
    page = visitor.open("/datasets/digits")
    expect(page.get_by_role("img", name="image of 3")).to_have_count(1)
    drawn(page)
    expect(page.get_by_role("img", name="label: 10 classes; most often")).to_be_visible()
    expect(page.get_by_role("link", name="dense")).to_have_attribute("href", "/search-spaces/dense")
    page = visitor.open("/datasets/made_pairs")
    expect(page.get_by_role("cell", name="the doctor").first).to_be_visible()
    page = visitor.open("/datasets/mnist")
    expect(page.get_by_text("It is not here.")).to_be_visible()
    expect(page.get_by_text("into ~/.keras/datasets of a worker")).to_be_visible()


def test_a_file_becomes_a_data_set_and_goes_again(enter: Enter) -> None:
    visitor = enter("submitter")
    page = visitor.open("/datasets")
    choose(page, "Our shop (2).CSV", SHOP)
    expect(page.get_by_label("Name")).to_have_value("Our-shop-2")
    expect(page.get_by_label("Format")).to_have_value("csv")
    page.get_by_label("Name").fill("digits")
    expect(page.get_by_text("it is no upload; take another name")).to_be_visible()
    page.get_by_label("Name").fill("shop")
    page.get_by_label("To predict").fill("price")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page).to_have_url(visitor.url + "/datasets/shop")
    expect(page.get_by_role("heading", level=1)).to_have_text("shop")
    drawn(page)
    expect(page.locator("#histograms")).to_contain_text("price")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page).to_have_url(visitor.url + "/datasets")
    expect(page.get_by_role("link", name="shop")).to_have_count(0)


def test_what_is_wrong_with_a_file_is_said_and_can_be_mended(enter: Enter) -> None:
    visitor = enter("submitter")
    visitor.expected = ["422"]
    page = visitor.open("/datasets")
    choose(page, "shop.csv", SHOP + "x,Ulm,no\n")
    page.get_by_role("button", name="Upload", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text('column "price", line 92: "x" is not a number')
    expect(alert).to_be_focused()
    assert visitor.inaccessible() == []
    page.get_by_label("Kinds").fill("price:class")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page).to_have_url(visitor.url + "/datasets/shop")


def test_a_dropped_file_is_on_its_way_until_it_is_cancelled(enter: Enter) -> None:
    held: list[Route] = []
    page = enter("submitter").open("/datasets")
    page.route("**/v1/datasets/**", lambda route: held.append(route))
    transfer = page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "dropped.csv"));
            return transfer;
        }""",
        SHOP,
    )
    page.dispatch_event("main", "drop", {"dataTransfer": transfer})
    expect(page.get_by_label("Name")).to_have_value("dropped")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("progressbar", name="Uploaded")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_disabled()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. Nothing was kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_enabled()


def test_a_set_in_use_says_which_study_uses_it(enter: Enter, service: Service) -> None:
    upload(service, "shop", SHOP, "sold")
    request = wire.StudyRequest(name="sales", search_space="dense", dataset="shop")
    opening.open_study(service, request, None)
    visitor = enter("submitter")
    visitor.expected = ["409"]
    page = visitor.open("/datasets/shop")
    expect(page.get_by_role("link", name="sales")).to_have_attribute("href", "/studies/sales")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#notices")).to_contain_text("sales")
    expect(page).to_have_url(visitor.url + "/datasets/shop")


def hostile(service: Service) -> None:
    """A worker's data set, all of whose words are markup."""
    field: dict[str, Any] = {"name": EVIL, "kind": "class", "shape": [], "classes": 2}
    look = json.loads(json.dumps(LOOK).replace('"x', f'"{EVIL}').replace('"0"', '"<b>0</b>"'))
    entry = {
        "name": "evil",
        "summary": EVIL,
        "notes": [EVIL],
        "outputs": [field | {"class_names": [EVIL, "</script>"]}],
        "preview": look,
    }
    registration = wire.WorkerRegistration.model_validate({"datasets": [entry]})
    workers.register(service, "w", registration)


def test_what_users_wrote_is_shown_letter_by_letter(enter: Enter, service: Service) -> None:
    hostile(service)
    page = enter("viewer").open("/datasets/evil")
    drawn(page)
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page.get_by_role("columnheader", name=EVIL)).to_be_visible()
    expect(page.locator("#histograms")).to_contain_text("<img src=x onerror=")
    expect(page.locator(".chart.classes")).to_contain_text("<b>0</b>")


def test_charts_that_cannot_be_had_are_tried_again(enter: Enter) -> None:
    visitor: Visitor = enter("viewer")
    visitor.expected = ["ERR_FAILED"]
    visitor.page.route("**/v1/datasets/iris", lambda route: route.abort(), times=1)
    page = visitor.open("/datasets/iris")
    expect(page.get_by_text("the server does not answer")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    drawn(page)
    expect(page.get_by_text("the server does not answer")).to_be_hidden()
