"""The list of studies says in few words what the API says of each, and knows when something has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.contract.asgi import NO_TLS, Server
from tests.contract.studies import claimed, completed, finish, opened, report
from tuner_service.domain.study import StudyState
from tuner_service.domain.trial import TrialState
from tuner_service.service.reading.overview import Overview, listing, mark
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_login_code, create_token, log_in

TWO = [
    {"metric": "loss", "direction": "minimize"},
    {"metric": "size", "direction": "minimize"},
]


def listed(service: Service, **asked: Any) -> list[Overview]:
    usual: dict[str, Any] = {"named": "", "state": None, "limit": 100, "offset": 0}
    return list(listing(service, **usual | asked).studies)


@contextmanager
def browsing(server: Server, service: Service, role: str) -> Iterator[httpx.Client]:
    create_token(service, f"browser-{role}", role)
    session = log_in(service, create_login_code(service, f"browser-{role}"))
    assert session is not None
    cookies = {"tuner_session": session}
    with httpx.Client(base_url=server.url, cookies=cookies, verify=NO_TLS) as client:
        yield client


def test_it_agrees_with_the_api_after_every_kind_of_end(
    api: httpx.Client, service: Service
) -> None:
    opened(api, budget={"trials": 9})
    for loss in (0.5, 0.7, 0.5, 0.2):
        completed(api, loss)
        check(api, service)
    finish(api, claimed(api), state="failed", error="no")
    check(api, service)
    report(api, claimed(api), 0, 0.4)
    api.post("/v1/studies/demo/trials", json={"parameters": {"x": 0.5}})
    check(api, service)
    api.post("/v1/studies/demo/trials/6/cancel")
    check(api, service)
    api.post("/v1/studies/demo/cancel")
    check(api, service)
    [study] = listed(service)
    assert study.standing.course == ((1, 0.5), (4, 0.2))


def check(api: httpx.Client, service: Service) -> None:
    told = api.get("/v1/studies/demo").json()
    [study] = listed(service)
    counts = {state: study.progress.get(TrialState(state), 0) for state in list(TrialState)}
    assert counts == {state: told["progress"][state] for state in counts}
    assert study.standing.best is not None
    assert study.standing.best.number == told["best"]["trial"]
    assert study.known.best_values == told["best"]["values"]
    assert (study.row.state, study.row.budget_trials) == (told["state"], 9)


def test_the_best_of_several_objectives_has_all_values(api: httpx.Client, service: Service) -> None:
    opened(api, objectives=TWO)
    for loss, size in ((0.5, 1.0), (0.2, 9.0)):
        finish(api, claimed(api), values={"loss": loss, "size": size})
    [study] = listed(service)
    assert study.known.best_values == {"loss": 0.2, "size": 9.0}


def test_of_equal_ones_the_other_objectives_decide(api: httpx.Client, service: Service) -> None:
    goals = [
        {"metric": "accuracy", "direction": "maximize"},
        {"metric": "loss", "direction": "minimize"},
    ]
    opened(api, objectives=goals)
    for loss in (0.3, 0.1, 0.2, 0.1):
        finish(api, claimed(api), values={"accuracy": 1.0, "loss": loss})
        told = api.get("/v1/studies/demo").json()
        [study] = listed(service)
        assert study.standing.best is not None
        assert study.standing.best.number == told["best"]["trial"]
        assert study.known.best_values == told["best"]["values"]
    assert told["best"]["trial"] == 1
    assert told["best"]["values"] == {"accuracy": 1.0, "loss": 0.1}


def test_a_study_opened_under_the_name_of_a_deleted_one_begins_anew(
    api: httpx.Client, service: Service
) -> None:
    opened(api)
    completed(api, 0.1)
    assert listed(service)[0].standing.ended == 1
    api.post("/v1/studies/demo/cancel")
    assert api.delete("/v1/studies/demo").status_code == 204
    assert listed(service) == []
    opened(api)
    assert listed(service)[0].standing.ended == 0


def test_newest_first_by_name_by_state_and_in_pages(api: httpx.Client, service: Service) -> None:
    for name in ("one", "two", "two-more"):
        opened(api, name=name)
    api.post("/v1/studies/two/pause")

    def names(**asked: Any) -> list[str]:
        return [study.row.name for study in listed(service, **asked)]

    assert names() == ["two-more", "two", "one"]
    assert names(named="two") == ["two-more", "two"]
    assert names(named="%") == []
    assert names(state=StudyState.PAUSED) == ["two"]
    assert names(limit=2, offset=2) == ["one"]
    found = listing(service, named="two", state=StudyState.PAUSED, limit=1, offset=0)
    assert found.by_state == {"running": 1, "paused": 1}


@pytest.mark.parametrize("change", ["open", "delete", "pause", "claim"])
def test_every_change_of_any_study_leaves_another_mark(
    api: httpx.Client, service: Service, change: str
) -> None:
    opened(api)
    opened(api, name="over")
    api.post("/v1/studies/over/cancel")
    before = mark(service)
    assert mark(service) == before
    if change == "open":
        opened(api, name="newer")
    elif change == "delete":
        api.delete("/v1/studies/over")
    elif change == "pause":
        api.post("/v1/studies/demo/pause")
    else:
        claimed(api)
    assert mark(service) != before


def test_the_time_left_is_at_most_what_the_budget_leaves(
    api: httpx.Client, service: Service
) -> None:
    opened(api, budget={"trials": 5, "seconds": 3600.0})
    opened(api, name="open-ended")
    timed, other = listed(service)[1], listed(service)[0]
    assert timed.seconds_left is not None
    assert 3500 < timed.seconds_left <= 3600
    assert other.seconds_left is None


@pytest.mark.parametrize("service_of_part", ["/parts/studies", "/parts/fleet"])
def test_a_part_is_sent_once_and_packed(
    api: httpx.Client, server: Server, service: Service, service_of_part: str
) -> None:
    opened(api)
    with browsing(server, service, "viewer") as browser:
        first = browser.get(service_of_part)
        assert (first.status_code, first.headers["Content-Encoding"]) == (200, "gzip")
        again = browser.get(service_of_part, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = browser.get(service_of_part, headers={"Accept-Encoding": "identity"})
        assert plain.text == first.text
    assert httpx.get(server.url + service_of_part).status_code == 401


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("submitter", True)])
def test_only_who_may_act_is_offered_to(
    api: httpx.Client, server: Server, service: Service, role: str, offered: bool
) -> None:
    opened(api)
    with browsing(server, service, role) as browser:
        text = browser.get("/").text
    assert ("POST /v1/studies/demo/pause" in text) is offered
    assert ('href="/new' in text) is offered
