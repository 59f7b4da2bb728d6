"""Many look at a study that has just changed: it is read once for all of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.contract.studies import claimed, finish, opened, report
from tuner_service.service.memory.replies import Replies
from tuner_service.service.setup import Service
from tuner_service.storage import studies

Json = dict[str, Any]
TWO = [
    {"metric": "loss", "direction": "minimize"},
    {"metric": "size", "direction": "minimize"},
]


def test_one_makes_the_reply_for_all_who_ask_at_once(api: httpx.Client, service: Service) -> None:
    opened(api)
    with service.database.read() as connection:
        study = studies.get(connection, "demo")
    replies, everybody, made = Replies(), threading.Barrier(4), []

    def make(front: list[Json] | None) -> Json:
        made.append(front)
        return {"name": "demo"}

    def ask() -> Json:
        everybody.wait()
        return replies.of(study, make)

    with ThreadPoolExecutor(4) as pool:
        told = [future.result() for future in [pool.submit(ask) for _ in range(4)]]
    assert (told, made) == ([{"name": "demo"}] * 4, [None])


def test_the_front_is_found_anew_only_after_a_trial_ended(
    api: httpx.Client, service: Service
) -> None:
    opened(api, objectives=TWO)
    finish(api, claimed(api), values={"loss": 0.5, "size": 5.0})
    front = api.get("/v1/studies/demo").json()["pareto_front"]
    assert [each["trial"] for each in front] == [0]
    trial = claimed(api)
    report(api, trial, 0, 0.4)
    assert api.get("/v1/studies/demo").json()["pareto_front"] == front
    finish(api, trial, values={"loss": 0.4, "size": 6.0})
    told = api.get("/v1/studies/demo").json()
    assert [each["trial"] for each in told["pareto_front"]] == [0, 1]
    assert told["progress"]["completed"] == 2
