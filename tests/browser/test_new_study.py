"""The form for a new study: what it shows is what it sends, and what is wrong is said where it is."""

import re
import subprocess
from typing import Any

import httpx
import pytest
from playwright.sync_api import Dialog, Route, expect

from tests.browser.new_study_form import launch, launched, shown
from tests.browser.visitor import DESKTOP, PHONE, Enter

Json = dict[str, Any]
HOSTILE = "<img src=x onerror=alert(1)>"


def study_names(api: httpx.Client) -> list[str]:
    return [study["name"] for study in api.get("/v1/studies").json()["items"]]


def test_what_is_launched_is_the_json_that_is_shown(enter: Enter, api: httpx.Client) -> None:
    visitor = enter("submitter")
    page = visitor.open("/new")
    expect(page.get_by_role("button", name="Choose a data set first")).to_be_disabled()
    page.get_by_label("Data set").select_option("digits")
    expect(page.get_by_role("radio", name="Text convnet")).to_be_hidden()
    page.get_by_role("radio", name="Depthwise separable").check()
    page.get_by_label("learning_rate: smallest").fill("1e-3")
    page.get_by_label("width: how it is chosen").select_option("exactly")
    page.get_by_label("width: value").fill("48")
    page.get_by_role("group", name="optimizer").get_by_label("adam").uncheck()
    page.get_by_label("Batch size: how it is chosen").select_option("one of")
    page.get_by_label("Batch size: list").fill("32, 64")
    page.get_by_role("checkbox", name="Lower the learning rate").uncheck()
    page.get_by_role("button", name="Add an objective").click()
    page.get_by_label("Pruning", exact=True).select_option("median")
    page.get_by_label("Trials", exact=True).fill("12")
    time_budget = page.get_by_label("Time (s)")
    expect(time_budget).to_have_accessible_description(re.compile("what still trains is cancelled"))
    page.get_by_role("textbox", name="Name").fill("launched")
    expected = {
        "name": "launched",
        "search_space": "separable_convnet",
        "dataset": "digits",
        "overrides": {
            "width": {"value": 48},
            "optimizer": {"choices": ["rmsprop", "sgd"]},
            "learning_rate": {"min": 0.001},
        },
        "objectives": [
            {"metric": "val_accuracy", "direction": "maximize"},
            {"metric": "val_loss", "direction": "minimize"},
        ],
        "pruning": {"algorithm": "median"},
        "training": {"batch_size": {"choices": [32, 64]}, "reduce_lr_on_plateau": None},
        "budget": {"trials": 12},
    }
    assert shown(page) == expected
    with page.expect_request("**/v1/studies") as sent:
        launch(page)
    assert sent.value.post_data_json == expected
    assert launched(visitor) == "launched"
    spec = api.get("/v1/studies/launched").json()["spec"]
    assert spec["overrides"] == expected["overrides"]


def test_the_curl_and_the_python_do_the_same(
    enter: Enter,
    api: httpx.Client,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUNER_TOKEN", token)
    page = enter("submitter").open("/new?dataset=iris")
    page.get_by_role("group", name="batch_norm").get_by_role("checkbox", name="no").uncheck()
    page.get_by_label("Stop early", exact=True).uncheck()
    page.get_by_label("Seed").fill("7")
    page.get_by_role("textbox", name="Name").fill("by-curl")
    page.get_by_role("tab", name="curl").click()
    subprocess.run(["bash", "-c", page.locator("#curl").inner_text()], check=True, timeout=10)
    page.get_by_role("textbox", name="Name").fill("by-python")
    page.get_by_role("tab", name="curl").press("ArrowRight")
    exec(page.locator("#python").inner_text(), {})
    assert "by-python" in capsys.readouterr().out
    curl, python = (
        api.get(f"/v1/studies/{name}").json()["spec"] for name in ("by-curl", "by-python")
    )
    assert curl | {"name": "by-python"} == python
    assert python["overrides"] == {"batch_norm": {"value": True}}
    assert python["training"]["early_stopping"] is None
    page.get_by_role("textbox", name="Name").fill("")


def test_what_the_server_refuses_is_said_at_its_field(enter: Enter, api: httpx.Client) -> None:
    visitor = enter("submitter")
    visitor.expected = ["422", "409"]
    page = visitor.open("/new?dataset=iris")
    page.get_by_role("textbox", name="Name").fill("mended")
    page.get_by_label("learning_rate: smallest").fill("0")
    launch(page)
    field = page.get_by_label("learning_rate: smallest")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("on a log scale and needs min above 0"))
    expect(page.get_by_role("alert")).to_contain_text("One thing is not right yet")
    assert visitor.inaccessible() == []
    # What is plain is not asked of the server at all; all of it is said at once.
    field.fill("1")
    page.get_by_label("Epochs: value").fill("many")
    launch(page)
    expect(page.get_by_role("alert")).to_contain_text('"many" is not a number')
    expect(page.get_by_role("alert")).to_contain_text("the smallest, 1, is above the largest, 0.01")
    field.fill("1e-4")
    page.get_by_label("Epochs: value").fill("0")
    launch(page)
    expect(page.get_by_label("Epochs: value")).to_have_accessible_description(
        re.compile("must be at least 1")
    )
    page.get_by_label("Epochs: value").fill("3")
    page.get_by_label("Data set").select_option("wine")
    api.post("/v1/studies", json=shown(page) | {"name": "mended"})
    launch(page)
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.get_by_role("textbox", name="Name").fill("mended-now")
    launch(page)
    assert launched(visitor) == "mended-now"


def test_a_study_is_launched_by_keyboard_alone(enter: Enter, api: httpx.Client) -> None:
    visitor = enter("submitter")
    page = visitor.open("/new")

    def focused() -> str:
        name: str = page.evaluate("document.activeElement.id")
        return name

    def tab_to(name: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            if focused() == name:
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    tab_to("data-set")
    page.keyboard.type("wine")
    page.keyboard.press("Tab")
    tab_to("name")
    page.keyboard.type("typed")
    tab_to("launch")
    page.keyboard.press("Enter")
    assert launched(visitor) == "typed"
    assert api.get("/v1/studies/typed").json()["spec"]["dataset"] == "wine"


def test_a_launch_whose_answer_was_lost_opens_one_study(enter: Enter, api: httpx.Client) -> None:
    visitor = enter("submitter")
    visitor.expected = ["ERR_FAILED"]
    page = visitor.open("/new?dataset=wine")
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/v1/studies", lose, times=1)
    launch(page)
    expect(page.get_by_role("alert")).to_contain_text("the server does not answer")
    expect(page.get_by_role("alert")).to_contain_text("Nothing that you chose is lost.")
    assert lost == [201]
    launch(page)
    assert study_names(api) == [launched(visitor)]


def test_leaving_a_changed_form_asks_first(enter: Enter) -> None:
    page = enter("submitter").open("/new?dataset=wine")
    page.goto("about:blank")
    page.go_back()
    page.get_by_label("Trials", exact=True).fill("3")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Fleet").click()
    expect(page.get_by_label("Trials", exact=True)).to_have_value("3")
    assert asked == ["beforeunload"]


def test_only_those_who_may_open_studies_get_the_form(enter: Enter) -> None:
    visitor = enter("viewer")
    visitor.expected = ["403"]
    visitor.open("/new")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("You may not do this")


def test_what_cannot_apply_is_greyed_and_not_sent(enter: Enter) -> None:
    page = enter("submitter").open("/new?dataset=wine")
    momentum = page.get_by_label("momentum: largest")
    momentum.fill("0.5")
    assert shown(page)["overrides"] == {"momentum": {"max": 0.5}}
    optimizer = page.get_by_role("group", name="optimizer")
    optimizer.get_by_label("rmsprop").uncheck()
    optimizer.get_by_label("sgd").uncheck()
    expect(momentum).to_be_disabled()
    assert shown(page)["overrides"] == {"optimizer": {"value": "adam"}}
    page.get_by_role("button", name="optimizer: back to").click()
    expect(momentum).to_have_value("0.5")
    assert shown(page)["overrides"] == {"momentum": {"max": 0.5}}


def test_what_is_plainly_wrong_is_said_when_a_field_is_left(enter: Enter) -> None:
    page = enter("submitter").open("/new?dataset=wine")
    epochs = page.get_by_label("Epochs: value")
    epochs.fill("many")
    expect(epochs).not_to_have_attribute("aria-invalid", "true")
    epochs.press("Tab")
    expect(epochs).to_have_accessible_description(re.compile('"many" is not a number'))
    expect(page.get_by_role("alert")).to_be_hidden()
    epochs.fill("3")
    expect(epochs).not_to_have_attribute("aria-invalid", "true")
    for box in page.get_by_role("group", name="optimizer").get_by_role("checkbox").all():
        box.uncheck()
    launch(page)
    expect(page.get_by_role("alert")).to_contain_text("optimizer: at least one of them is needed")
    page.reload()


@pytest.fixture
def hostile(api: httpx.Client) -> None:
    """A worker with models and data of its own, some of them broken, whose texts would like to be HTML."""
    odd = {"name": f'{HOSTILE}"', "type": "choice", "choices": [HOSTILE, 'it\'s "so"', "</form>"]}
    spaces = [
        {
            "name": "mine",
            "title": HOSTILE,
            "summary": HOSTILE,
            "parameters": [odd],
            "source": "x.py",
        },
        {"name": "wrecked", "status": "broken", "error": f"SyntaxError: {HOSTILE}"},
    ]
    body = {"slots": 1, "search_spaces": spaces, "datasets": ["wine"]}
    reply = api.put("/v1/workers/w1", json=body)
    assert reply.status_code == 200, reply.text


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_anybody_can_read_and_use_it(enter: Enter, viewport: dict[str, int], scheme: str) -> None:
    visitor = enter("submitter", viewport, scheme)
    page = visitor.open("/new?dataset=wine")
    expect(page.get_by_text("6 data sets cannot be used now")).to_be_visible()
    expect(page.locator("option[value=mnist]")).to_be_disabled()
    expect(page.get_by_role("radio", name="wrecked")).to_be_disabled()
    expect(page.get_by_text("SyntaxError")).to_be_visible()
    expect(page.locator("#waiting")).to_contain_text("can train dense on wine")
    page.get_by_role("radio", name="mine").check()
    expect(page.locator("#waiting")).to_be_hidden()
    # What a model of the user's own reports is not known: it is typed, with what is likely offered.
    expect(page.locator("#objectives input")).to_have_value("val_accuracy")
    page.get_by_role("group", name=HOSTILE).get_by_label("</form>").uncheck()
    assert shown(page)["overrides"] == {f'{HOSTILE}"': {"choices": [HOSTILE, 'it\'s "so"']}}
    assert page.locator("main img").count() == 0
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert visitor.inaccessible() == []
    assert not visitor.overflows()


def test_each_rule_offers_its_own_options_and_patience_those_of_the_rule_it_wraps(
    enter: Enter,
) -> None:
    page = enter("submitter").open("/new")
    page.get_by_label("Data set").select_option("digits")
    pruning = page.get_by_label("Pruning", exact=True)
    pruning.select_option("hyperband")
    page.get_by_label("One in … goes on").fill("4")
    assert shown(page)["pruning"] == {"algorithm": "hyperband", "reduction_factor": 4}
    pruning.select_option("patient")
    page.get_by_label("Then asks").select_option("threshold")
    page.get_by_label("Ends above").fill("2.5")
    page.get_by_label("Forgives epochs").fill("5")
    wrapped = {"wraps": "threshold", "upper": 2.5}
    assert shown(page)["pruning"] == {"algorithm": "patient", "patience": 5} | wrapped
    page.get_by_label("Then asks").select_option("median")
    expect(page.get_by_label("Ends above")).to_be_hidden()
    assert shown(page)["pruning"] == {"algorithm": "patient", "patience": 5}
