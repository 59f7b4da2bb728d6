"""A study searched by many asynchronous workers at once, in an order that a seed decides."""

import random
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.contract.studies import Json, external
from tuner_service import wire
from tuner_service.domain.trial import Verdict
from tuner_service.service.reading import studies
from tuner_service.service.setup import Service
from tuner_service.service.studies import opening, steering
from tuner_service.service.work import claims, reports

NUMBERS: list[Json] = [
    {"name": "x", "type": "float", "min": 0.0, "max": 1.0},
    {"name": "lr", "type": "float", "min": 1e-4, "max": 1e-1, "log": True},
]
MIXED: list[Json] = [
    *NUMBERS,
    {"name": "kind", "type": "choice", "choices": ["a", "b"]},
    {
        "name": "depth",
        "type": "int",
        "min": 1,
        "max": 5,
        "when": [{"parameter": "kind", "values": ["b"]}],
    },
]
SMALL: list[Json] = [
    {"name": "kind", "type": "choice", "choices": ["a", "b", "c"]},
    {"name": "depth", "type": "int", "min": 1, "max": 12},
]


def open_crowded(
    service: Service, search: Json, parameters: list[Json], trials: int, **more: Any
) -> None:
    body = external(
        search={"seed": 5, **search},
        search_space={"parameters": parameters},
        budget={"trials": trials},
        **more,
    )
    opening.open_study(service, wire.StudyRequest.model_validate(body), None)


def search(service_now: Callable[[], Service], workers: int = 4, seed: int = 1) -> list[Json]:
    """Work on the study until its budget is spent; ``service_now`` is who answers the next request.

    Workers end in any order; some trials fail, some are given back, and now and then a user queues a candidate.
    """
    chance = random.Random(seed)
    keys = count()
    held: dict[int, Json] = {}
    taken: dict[int, Json] = {}
    is_over = False
    while not is_over or held:
        worker = chance.randrange(workers)
        if chance.random() < 0.03 and not is_over:
            queue(service_now(), {"x": round(chance.random(), 2)})
        if worker in held:
            if done(service_now(), held[worker], chance):
                del held[worker]
            continue
        request = wire.ClaimRequest(
            worker=f"w{worker}", key=f"k{next(keys)}", study="demo", wait_seconds=0
        )
        trial = claims.claim(service_now(), request, None)
        if trial is None:
            is_over = not held or is_over
            continue
        held[worker] = trial
        taken[trial["number"]] = trial["parameters"]
    return [taken[number] for number in sorted(taken)]


def queue(service: Service, parameters: Json) -> None:
    study = studies.get(service, "demo")
    names = [each["name"] for each in study["space"]["parameters"]]
    progress = dict(study["progress"])
    is_spent = progress.pop("budget") <= sum(progress.values())
    if not is_spent and parameters.keys() <= set(names):
        steering.queue_candidate(service, "demo", wire.Candidate(parameters=parameters))


def done(service: Service, trial: Json, chance: random.Random) -> bool:
    """One more step of a trial; whether that was its last."""
    number, attempt = trial["number"], trial["attempt"]
    epoch = trial.setdefault("epoch", 0)
    step = chance.random()
    if step < 0.05:
        reports.release(service, "demo", number, wire.Release(attempt=attempt), None)
        return True
    if step < 0.1:
        failed = wire.Finish(attempt=attempt, state="failed", error="no luck")
        reports.finish(service, "demo", number, failed, None)
        return True
    if step < 0.4 and epoch:
        reports.finish(
            service, "demo", number, wire.Finish(attempt=attempt, state="completed"), None
        )
        return True
    report = wire.EpochReport(
        attempt=attempt, epoch=epoch, metrics={"loss": loss(trial["parameters"], epoch)}
    )
    trial["epoch"] += 1
    return reports.report_epoch(service, "demo", number, report, None) is Verdict.PRUNE


def loss(parameters: Json, epoch: int) -> float:
    return float(
        abs(parameters.get("x", 0.5) - 0.3)
        + (parameters.get("kind") == "a")
        + parameters.get("depth", 3) / 10
        + 1 / (epoch + 1)
    )
