"""A suggestion follows from what its trial recorded: made once more, by whichever replica, it is the same."""

from collections.abc import Generator
from contextlib import closing
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from tests.contract.asgi import Server
from tests.contract.crowd import MIXED, NUMBERS, SMALL, open_crowded, search
from tests.contract.studies import claimed, finish, opened
from tuner_service.api import studies as api_studies
from tuner_service.service.reading import studies
from tuner_service.service.setup import Service, open_service
from tuner_service.service.studies import steering
from tuner_service.service.work import claims
from tuner_service.settings import Settings
from tuner_service.storage.tables import trials

HYPERBAND = {"algorithm": "hyperband", "max_epochs": 9}
SEARCHES = [
    pytest.param({"algorithm": "bayesian"}, MIXED, {"algorithm": "median"}, id="bayesian"),
    pytest.param({"algorithm": "auto"}, MIXED, HYPERBAND, id="auto"),
    pytest.param(
        {"algorithm": "genetic"}, MIXED, {"algorithm": "successive_halving"}, id="genetic"
    ),
    pytest.param({"algorithm": "cmaes", "population": 4}, NUMBERS, HYPERBAND, id="cmaes"),
    pytest.param({"algorithm": "quasi_random"}, MIXED, {"algorithm": "percentile"}, id="quasi"),
    pytest.param({"algorithm": "random"}, SMALL, {"algorithm": "patient"}, id="random"),
    pytest.param({"algorithm": "bayesian"}, SMALL, {"algorithm": "none"}, id="small"),
]
TRIALS = 24


def replayed(api: httpx.Client, study: str = "demo") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(
            f"/v1/studies/{study}/replay",
            params={"limit": 25, **({"cursor": cursor} if cursor else {})},
        )
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        cursor = page.json()["next_cursor"]
    return items


@pytest.mark.parametrize(("algorithm", "parameters", "pruning"), SEARCHES)
def test_a_study_of_many_asynchronous_workers_is_confirmed(
    service: Service,
    api: httpx.Client,
    algorithm: dict[str, Any],
    parameters: list[dict[str, Any]],
    pruning: dict[str, Any],
) -> None:
    open_crowded(service, algorithm, parameters, TRIALS, pruning=pruning)
    taken = search(lambda: service)
    items = replayed(api)
    assert [item["number"] for item in items] == list(range(len(taken)))
    assert [item["parameters"] for item in items] == taken
    assert {item["verdict"] for item in items} == {"confirmed"}
    at_once = {len(item["suggestion"]["running"]) for item in items}
    assert (max(at_once) > 1) == (
        parameters is not MIXED or algorithm["algorithm"] != "quasi_random"
    )


@pytest.mark.parametrize(("algorithm", "parameters", "pruning"), SEARCHES)
def test_restarts_and_other_replicas_change_no_suggestion(
    settings: Settings,
    algorithm: dict[str, Any],
    parameters: list[dict[str, Any]],
    pruning: dict[str, Any],
) -> None:
    with open_service(settings) as service:
        open_crowded(service, algorithm, parameters, TRIALS, pruning=pruning)
        alone = search(lambda: service)
        steering.delete(service, "demo")
    with closing(replicas(settings)) as in_turn:
        open_crowded(next(in_turn), algorithm, parameters, TRIALS, pruning=pruning)
        assert search(lambda: next(in_turn)) == alone


def replicas(settings: Settings) -> Generator[Service]:
    """Servers of one database in turn: two that stay, and now and then one that has just been started."""
    with open_service(settings) as one, open_service(settings) as other:
        for turn in count():
            if turn % 10:
                yield one if turn % 2 else other
            else:
                with open_service(settings) as fresh:
                    yield fresh


def test_the_first_that_differs_is_named_with_what_it_was_made_from(
    service: Service, api: httpx.Client
) -> None:
    open_crowded(service, {"algorithm": "genetic"}, MIXED, 15)
    search(lambda: service)
    with service.database.write() as connection:
        told = connection.execute(select(trials).where(trials.c.number == 12)).one()
        forged = {**told.parameters, "lr": 0.02}
        connection.execute(update(trials).where(trials.c.id == told.id).values(parameters=forged))
    first = next(item for item in replayed(api) if item["verdict"] != "confirmed")
    assert (first["number"], first["verdict"]) == (12, "differs")
    assert first["parameters"] == forged
    assert first["recomputed"].items() >= told.parameters.items()
    assert first["suggestion"]["sampler"] == "GeneticSampler"
    assert first["suggestion"]["versions"].keys() == {"tuner-service", "optuna", "numpy", "scipy"}


def test_what_a_user_chose_is_not_searched(api: httpx.Client) -> None:
    opened(api)
    for parameters in ({"x": 0.5, "kind": "a"}, {"x": 0.25}, {}):
        api.post("/v1/studies/demo/trials", json={"parameters": parameters})
    for _ in range(2):
        finish(api, claimed(api), values={"loss": 1.0})
    chosen, partly, waiting = replayed(api)
    assert (chosen["verdict"], chosen["reason"]) == (
        "not_searched",
        "a user chose all of its parameters",
    )
    assert (partly["verdict"], partly["suggestion"]["fixed"]) == ("confirmed", ["x"])
    assert waiting["verdict"] == "not_searched"
    assert "until a worker takes it" in waiting["reason"]
    assert waiting["suggestion"] is None
    shown = api.get("/v1/studies/demo/trials/1").json()
    assert shown["suggestion"] == partly["suggestion"]
    assert isinstance(shown["suggestion"]["seed"], int)


def test_a_candidate_that_was_drawn_anew_says_so(service: Service, api: httpx.Client) -> None:
    open_crowded(service, {"algorithm": "random"}, SMALL, 60)
    taken = search(lambda: service)
    assert len({tuple(sorted(parameters.items())) for parameters in taken}) == len(taken) == 36
    study = api.get("/v1/studies/demo").json()
    assert (study["state"], study["reason"]) == ("completed", "every candidate has been tried")
    assert study["progress"]["budget"] == 36
    anew = [item for item in replayed(api) if item["suggestion"]["duplicates"]]
    trial = api.get(f"/v1/studies/demo/trials/{anew[0]['number']}").json()
    claim = next(line for line in trial["history"] if line["what"] == "claimed")
    assert claim["detail"].startswith("drawn anew: trial")
    assert str(anew[0]["suggestion"]["duplicates"][0]) in claim["detail"]


def test_a_claim_after_another_server_found_nothing_left_gets_no_work(service: Service) -> None:
    open_crowded(service, {"algorithm": "grid"}, [{"name": "flag", "type": "bool"}], 5)
    search(lambda: service)
    ended = studies.get(service, "demo")
    claims.exhausted(service, "demo")
    assert studies.get(service, "demo") == ended


def test_what_a_user_chose_is_kept_also_where_it_has_no_effect(api: httpx.Client) -> None:
    parameters = [
        {"name": "r", "type": "bool"},
        {"name": "k", "type": "fixed", "value": 1, "when": [{"parameter": "r", "values": [True]}]},
        {
            "name": "z",
            "type": "float",
            "min": 0.0,
            "max": 1.0,
            "when": [{"parameter": "k", "values": [1]}],
        },
    ]
    opened(api, search_space={"parameters": parameters})
    alone = api.post("/v1/studies/demo/trials", json={"parameters": {"z": 0.5}})
    assert alone.status_code == 422, alone.text
    assert "give that too" in alone.json()["errors"][0]["msg"]
    whole = {"r": True, "k": 1, "z": 0.5}
    assert api.post("/v1/studies/demo/trials", json={"parameters": whole}).status_code == 201
    assert claimed(api)["parameters"] == whole


def test_a_last_candidate_that_a_user_wants_again_says_that_it_was_tried(api: httpx.Client) -> None:
    parameters = [{"name": "flag", "type": "bool"}, {"name": "kind", "type": "bool"}]
    opened(api, search_space={"parameters": parameters}, search={"algorithm": "random", "seed": 1})
    for _ in range(3):
        queued = api.post("/v1/studies/demo/trials", json={"parameters": {"flag": True}})
        assert queued.status_code == 201
        finish(api, claimed(api), values={"loss": 1.0})
    history = api.get("/v1/studies/demo/trials/2").json()["history"]
    claim = next(line for line in history if line["what"] == "claimed")
    assert claim["detail"] == "tried before: there is no other candidate with what the user chose"


def test_one_replay_is_made_at_a_time(
    server: Server, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(api)
    monkeypatch.setattr(api_studies, "TURN_SECONDS", 0.05)
    server.app.state.replaying.acquire_nowait()
    refused = api.get("/v1/studies/demo/replay")
    assert (refused.status_code, refused.json()["code"]) == (503, "replaying")
    assert int(refused.headers["retry-after"]) >= 1
    server.app.state.replaying.release()
    assert replayed(api) == []
