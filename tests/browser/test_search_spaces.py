"""Families of models, and what of them is searched."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, PHONE, Enter
from tuner_service import wire
from tuner_service.service.setup import Service
from tuner_service.service.work import workers

EVIL = "<img src=x onerror=alert(1)>"


def taught(service: Service) -> None:
    """A worker's own: one that is broken, and one whose every word is markup."""
    broken = {"name": "typo", "status": "broken", "error": "typo.py, line 1: no module kears"}
    evil = {
        "name": "evil",
        "title": EVIL,
        "summary": EVIL,
        "parameters": [
            {"name": EVIL, "type": "choice", "choices": ["<b>bold</b>", "it's"], "default": "it's"}
        ],
    }
    registration = wire.WorkerRegistration.model_validate({"search_spaces": [broken, evil]})
    workers.register(service, "w", registration)


@pytest.mark.parametrize(("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)])
def test_pages_are_for_everybody(
    enter: Enter, service: Service, scheme: str, size: dict[str, int]
) -> None:
    taught(service)
    visitor = enter("viewer", size, scheme)
    for name in ("", "/text_convnet", "/pretrained", "/typo", "/evil"):
        page = visitor.open(f"/search-spaces{name}")
        assert visitor.inaccessible() == []
        assert not visitor.overflows()
        expect(page.locator("img[src=x]")).to_have_count(0)
        expect(page.get_by_role("link", name="Start a study with it")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    expect(page.get_by_role("cell", name="<b>bold</b>")).to_be_visible()


def test_conditional_parameters_stand_under_their_parent(enter: Enter) -> None:
    page = enter("submitter").open("/search-spaces/dense")
    rows = page.locator(".parameters tbody tr")
    names = rows.locator("strong").all_inner_texts()
    assert names[names.index("optimizer") + 1 :][:2] == ["momentum", "weight_decay"]
    momentum = rows.filter(has_text="momentum")
    expect(momentum).to_have_class("under under-1")
    expect(momentum).to_contain_text("only if optimizer is rmsprop or sgd")


def test_a_study_begins_with_the_space_that_one_looks_at(enter: Enter) -> None:
    visitor = enter("submitter")
    page = visitor.open("/search-spaces")
    page.get_by_role("link", name="Text convnet").click()
    expect(page.get_by_role("link", name="made_reviews")).to_be_visible()
    begin = page.get_by_role("link", name="Start a study with it")
    expect(begin).to_have_attribute("href", "/new?search_space=text_convnet")


def test_what_is_broken_says_why_and_begins_nothing(enter: Enter, service: Service) -> None:
    taught(service)
    page = enter("submitter").open("/search-spaces/typo")
    expect(page.get_by_text("typo.py, line 1: no module kears")).to_be_visible()
    expect(page.get_by_role("link", name="Start a study with it")).to_have_count(0)
