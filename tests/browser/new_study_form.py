"""What a person does with the form for a new study, beside typing."""

import json
from typing import Any

from playwright.sync_api import Page

from tests.browser.visitor import Visitor

Json = dict[str, Any]


def shown(page: Page) -> Json:
    """The request that stands beside the form."""
    request: Json = json.loads(page.locator("#json").text_content() or "")
    return request


def launch(page: Page) -> None:
    page.get_by_role("button", name="Launch the study").click()


def launched(visitor: Visitor) -> str:
    """The name of the study that the page goes on to; that page is no business of these tests."""
    visitor.page.wait_for_url("**/studies/*", wait_until="commit")
    return visitor.page.url.rpartition("/")[2]
