"""The fleet: live, with a warning of whoever fell silent."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import update

from tests.browser.visitor import DESKTOP, PHONE, Enter
from tests.contract.studies import claimed, opened, report
from tuner_service.service.setup import Service
from tuner_service.storage.clock import now
from tuner_service.storage.tables import workers

HOSTILE = '<img src=x onerror="alert(1)">'
GIB = 1 << 30
GPU = {"uuid": "GPU-a", "name": "NVIDIA H100 80GB HBM3", "memory_bytes": 80 * GIB}
BUSY = GPU | {"memory_used_bytes": 20 * GIB, "utilization_percent": 93.0}


def register(api: httpx.Client, name: str, **body: Any) -> None:
    load = {"cpu_percent": 12.0, "memory_bytes": 64 * GIB, "memory_used_bytes": 16 * GIB}
    content = {"host": "node", "slots": 2, "search_spaces": ["dense"], "datasets": ["digits"]}
    reply = api.put(f"/v1/workers/{name}", json=content | {"load": load} | body)
    assert reply.status_code == 200, reply.text


def unheard_of(service: Service, name: str, seconds: float) -> None:
    with service.database.write() as connection:
        named = update(workers).where(workers.c.name == name)
        connection.execute(named.values(last_seen=now() - seconds))


def machine(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def a_house(api: httpx.Client, service: Service) -> None:
    register(api, "gpu-node", host=HOSTILE, load={"cpu_percent": 3.0, "gpus": [BUSY]})
    register(api, "cpu-node")
    register(api, "lost")
    register(api, "retired")
    unheard_of(service, "lost", 300)
    unheard_of(service, "retired", 3 * 86_400)
    body = {"name": "digits", "search_space": "dense", "dataset": "digits"}
    api.post("/v1/studies", json=body | {"training": {"epochs": 30}})
    api.post("/v1/studies", json=body | {"name": "flowers", "dataset": "iris"})
    api.post("/v1/claims", json={"worker": "gpu-node", "key": "a"})
    register(api, "restarted", slots=1)
    for key in ("b", "c"):
        api.post("/v1/claims", json={"worker": "restarted", "key": key})
    opened(api, name="mine")
    report(api, claimed(api, "mine", worker="my-script"), 0, 0.5)


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_everybody_can_read_it(
    enter: Enter, api: httpx.Client, service: Service, viewport: dict[str, int], scheme: str
) -> None:
    a_house(api, service)
    visitor = enter("viewer", viewport, scheme)
    page = visitor.open("/fleet")
    busy = machine(page, "gpu-node")
    expect(busy).to_contain_text(HOSTILE)
    expect(busy).to_contain_text("93 % busy")
    expect(busy).to_contain_text("20 GiB of 80 GiB")
    expect(busy.get_by_role("img", name=re.compile("H100.*last hour: 93 % busy"))).to_be_visible()
    slot = busy.get_by_role("link", name="digits · trial 0")
    expect(slot).to_have_attribute("href", "/studies/digits/trials/0")
    expect(busy).to_contain_text("0 of 30 epochs")
    expect(busy).to_contain_text(re.compile(r"lease ends in \d+ s"))
    expect(busy).to_contain_text("1 slot idle")
    expect(machine(page, "cpu-node")).to_contain_text("12 % busy")
    restarted = machine(page, "restarted")
    expect(restarted).to_contain_text("It holds 2 trials, but has 1 slot")
    expect(page.locator(".tiles")).to_contain_text("2 of 5 busy · 3 idle · 1 waits for its lease")
    expect(machine(page, "lost")).to_contain_text("silent")
    expect(machine(page, "lost")).to_contain_text("was killed, or cannot reach this server")
    expect(machine(page, "retired")).to_have_count(0)
    expect(page.get_by_text("1 worker stopped, or not heard of for over an hour")).to_be_visible()
    expect(machine(page, "my-script")).to_contain_text("mine · trial 0")
    expect(page.get_by_text("No worker that is there can train flowers")).to_be_visible()
    assert visitor.inaccessible() == []
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    assert visitor.inaccessible() == []
    assert not visitor.overflows()


def test_a_worker_shows_up_falls_silent_and_stops_by_itself(
    enter: Enter, api: httpx.Client, service: Service
) -> None:
    visitor = enter("viewer")
    page = visitor.open("/fleet")
    expect(page.get_by_role("heading", name="No worker yet")).to_be_visible()
    expect(page.get_by_text(f"tuner worker --url {visitor.url}").first).to_be_visible()
    register(api, "node")
    expect(machine(page, "node")).to_contain_text("2 slots idle")
    expect(page.get_by_role("heading", name="No worker yet")).to_be_hidden()
    unheard_of(service, "node", 100)
    expect(machine(page, "node")).to_contain_text("silent")
    register(api, "node", stopped=True)
    expect(machine(page, "node")).to_have_count(0)
    page.get_by_text("1 worker stopped").click()
    expect(page.get_by_text(re.compile("node node · stopped"))).to_be_visible()


def test_what_is_unfolded_stays_so_while_news_come(enter: Enter, api: httpx.Client) -> None:
    register(api, "node")
    page = enter("viewer").open("/fleet")
    node = machine(page, "node")
    node.get_by_text("Serves 1 family on 1 data set").click()
    expect(node.get_by_text("Families: dense")).to_be_visible()
    register(api, "node", search_spaces=["dense", "residual"], slots=5)
    expect(node.get_by_text("Families: dense, residual")).to_be_visible()
    expect(node).to_contain_text("5 slots idle")


def test_times_stay_right_where_the_servers_time_is_lost_on_the_way(
    enter: Enter, api: httpx.Client
) -> None:
    def without_time(route: Route) -> None:
        reply = route.fetch()
        headers = {name: it for name, it in reply.headers.items() if name != "x-now"}
        route.fulfill(response=reply, headers=headers)

    register(api, "node")
    visitor = enter("viewer")
    visitor.page.route("**/parts/fleet", without_time)
    page = visitor.open("/fleet")
    register(api, "node", slots=5)
    expect(machine(page, "node")).to_contain_text("5 slots idle")
    expect(machine(page, "node")).to_contain_text(re.compile(r"heard (just now|\d+ s ago)"))
