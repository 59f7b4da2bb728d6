"""A trial's page: what became of it and why, live; what it left; and once more."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hostile import hostile_names
from tests.browser.house import EARLY, House, epochs, small_house
from tests.browser.visitor import PHONE, Enter
from tests.contract.asgi import Server
from tests.contract.studies import path
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_token

PICTURES = Path(__file__).parents[2] / "docs" / "images" / "families"
CURVE = [0.5, 0.7, 0.9, 0.88, 0.87, 0.86]
DRAWN = ".curve .js-plotly-plot"


@pytest.fixture
def house(server: Server, service: Service) -> Iterator[House]:
    with small_house(server.url, service) as opened:
        yield opened


def page_of(study: str, number: int = 0) -> str:
    return f"/studies/{study}/trials/{number}"


def chart(page: Page, metric: str) -> str:
    """What a chart says to who does not see it."""
    drawn = page.locator(".curve").filter(has=page.get_by_role("heading", name=metric, exact=True))
    expect(drawn.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    return drawn.get_by_role("img").first.get_attribute("aria-label") or ""


def test_a_completed_trial_shows_why_it_ended_and_all_that_it_left(
    house: House,
    enter: Enter,
    server: Server,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trial = house.trial(house.study("digits"), CURVE)
    content = b"weights" * 1000
    house.worker.upload(trial, "model.keras", content)
    house.worker.upload(trial, "architecture.svg", (PICTURES / "dense.svg").read_bytes())
    house.worker.upload(trial, "log.txt", b"epoch 0 <b>bold</b>\nepoch 1\n")
    house.worker.finish(trial, detail=EARLY)
    visitor = enter("submitter")
    page = visitor.open(page_of("digits"))
    expect(page.locator("#fate")).to_contain_text("Stopped early after epoch 5: val_loss had not")
    assert "the best epoch is 2" in chart(page, "accuracy")
    assert "learning_rate over 6 epochs" in chart(page, "learning rate")
    expect(page.locator("#marks")).to_contain_text("0.005 from epoch 3, 0.0025 from epoch 5")
    expect(page.locator("#marks")).to_contain_text(EARLY)
    expect(page.get_by_role("row", name="learning_rate")).to_contain_text("differs")
    assert page.locator("#architecture img").evaluate(
        "picture => picture.decode().then(() => picture.naturalWidth)"
    )
    page.locator("#log summary").click()
    expect(page.locator("#log-lines")).to_have_text("epoch 0 <b>bold</b>\nepoch 1\n")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="model.keras").click()
    assert downloading.value.path().read_bytes() == content
    expect(page.locator("#files")).to_contain_text(hashlib.sha256(content).hexdigest())
    assert visitor.inaccessible() == []
    page.emulate_media(color_scheme="dark")
    assert visitor.inaccessible() == []

    code = page.locator("#by-python").text_content() or ""
    assert code.endswith("model = keras.saving.load_model(path)")
    monkeypatch.setenv("TUNER_URL", server.url)
    monkeypatch.setenv("TUNER_TOKEN", create_token(service, "reader", "viewer"))
    monkeypatch.chdir(tmp_path)
    lines = [line for line in code.splitlines() if "keras.saving" not in line]
    exec("\n".join(lines).replace("import keras\n", ""), {})  # as a person would paste it
    assert (tmp_path / "model.keras").read_bytes() == content


def test_epochs_and_the_end_are_seen_as_they_come(house: House, enter: Enter) -> None:
    trial = house.trial(house.study("digits"), CURVE[:2])
    visitor = enter("submitter")
    page = visitor.open(page_of("digits"))
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#fate")).to_have_text("gpu-node-1 trains it: 2 of 12 epochs are done.")
    house.worker.report(trial, epochs(CURVE)[2:4], first=2)
    expect(page.locator("#fate")).to_contain_text("4 of 12 epochs")
    expect(page.get_by_role("img", name="val_accuracy 0.88")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("#state")).to_have_text("cancelled")
    expect(page.locator("#history")).to_contain_text("by a user")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    house.worker.upload(trial, "training.csv", b"epoch,loss\n")  # comes after the end, and is told
    expect(page.locator("#files")).to_contain_text("training.csv")


def test_a_server_that_is_gone_is_told_and_a_viewer_may_only_look(
    house: House, enter: Enter
) -> None:
    trial = house.trial(house.study("digits"), CURVE[:2])
    visitor = enter("viewer")
    visitor.expected = ["ERR_INTERNET_DISCONNECTED"]
    page = visitor.open(page_of("digits"))
    expect(page.locator("#connection")).to_have_text("live")
    actions = page.get_by_role("group", name="Actions")
    expect(actions.get_by_role("link")).to_have_text("Compare")
    expect(actions.get_by_role("button")).to_have_count(0)
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('pagehide'))")  # as when the connection breaks
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("#trouble")).to_contain_text("the server does not answer")
    assert "val_accuracy 0.7" in chart(page, "accuracy")
    page.context.set_offline(False)
    house.worker.report(trial, epochs(CURVE)[2:3], first=2)
    expect(page.locator("#fate")).to_contain_text("3 of 12 epochs")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_pruned_trial_says_so_with_the_numbers(house: House, enter: Enter) -> None:
    study = house.study("digits", pruning={"algorithm": "median", "startup_trials": 1})
    house.completed(study, CURVE)
    house.trial(study, [0.2])
    page = enter("viewer").open(page_of(study, 1))
    expect(page.locator("#fate")).to_have_text(
        "Pruned: best val_accuracy 0.2 by epoch 0, median of 1 trials at that epoch 0.5."
    )
    expect(page.locator("#marks")).to_contain_text("pruned after epoch 0")


def test_epochs_that_were_rolled_back_are_still_to_be_seen(house: House, enter: Enter) -> None:
    trial = house.trial(house.study("digits"), CURVE[:3])
    died = {"attempt": trial["attempt"], "error": "killed by signal 9"}
    house.worker.api.post(path(trial, "release"), json=died).raise_for_status()
    page = enter("viewer").open(page_of("digits"))
    expect(page.locator("#fate")).to_contain_text("It waits for a worker.")
    expect(page.locator("#history")).to_contain_text("The attempt died")
    expect(page.locator("#marks")).to_contain_text("rolled back")
    assert "accuracy over 0 epochs" in chart(page, "accuracy")


def test_a_candidate_like_it_can_be_queued(house: House, enter: Enter) -> None:
    house.completed(house.study("digits"), CURVE)
    page = enter("submitter").open(page_of("digits"))
    page.get_by_role("button", name="Queue it again").click()
    width = page.get_by_label("width")
    width.fill("1000000")
    page.get_by_role("button", name="Queue it", exact=True).click()
    expect(width).to_have_attribute("aria-invalid", "true")
    width.fill("64")
    page.get_by_role("button", name="Queue it", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 1")
    expect(page.get_by_role("row", name="width")).to_contain_text("64")
    queued = house.api.get("/v1/studies/digits/trials/1").json()["parameters"]
    before = house.api.get("/v1/studies/digits/trials/0").json()["parameters"]
    assert queued | {"api": "functional"} == before | {"width": 64}  # that one is fixed


def test_names_that_would_run_are_text_and_the_picture_runs_nothing(
    house: House, enter: Enter
) -> None:
    hostile_names(house.api, house.worker)
    visitor = enter("submitter", PHONE, "dark")
    dialogs: list[str] = []
    visitor.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page = visitor.open(page_of("hostile-names", 5))
    expect(page.locator("#fate")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator(DRAWN)).to_have_count(2)
    assert not visitor.overflows()
    assert visitor.inaccessible() == []
    picture = page.request.get(f"{visitor.url}{page_of('hostile-names', 5)}/architecture.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    policy = picture.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    visitor.expected = ["Content Security Policy", "sandboxed", "404"]
    visitor.open(f"{page_of('hostile-names', 5)}/architecture.svg")
    assert dialogs == []
    none = page.request.get(f"{visitor.url}{page_of('hostile-names', 12)}/architecture.svg")
    assert none.status == 404
