"""A study of thousands of trials of ten parameters: in memory, in Optuna's memory, and written into a database."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import optuna
from sqlalchemy import insert, select, update

from tuner_service import wire
from tuner_service.domain.parameter import Parameter, Type, Value
from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past
from tuner_service.service.setup import Service
from tuner_service.service.studies.opening import open_study
from tuner_service.storage import studies as studies_storage
from tuner_service.storage.tables import epochs, studies, trials

EPOCHS = 5
PARAMETERS: list[dict[str, Any]] = [
    {"name": "learning_rate", "type": "float", "min": 1e-5, "max": 1e-1, "log": True},
    {"name": "weight_decay", "type": "float", "min": 1e-7, "max": 1e-2, "log": True},
    {"name": "dropout", "type": "float", "min": 0.0, "max": 0.6},
    {"name": "label_smoothing", "type": "float", "min": 0.0, "max": 0.25, "step": 0.05},
    {"name": "width", "type": "int", "min": 8, "max": 512, "log": True},
    {"name": "depth", "type": "int", "min": 1, "max": 8},
    {"name": "activation", "type": "choice", "choices": ["relu", "gelu", "tanh", "silu"]},
    {"name": "optimizer", "type": "choice", "choices": ["adam", "sgd", "rmsprop"]},
    {
        "name": "momentum",
        "type": "float",
        "min": 0.0,
        "max": 0.99,
        "when": [{"parameter": "optimizer", "values": ["sgd"]}],
    },
    {
        "name": "beta_1",
        "type": "float",
        "min": 0.8,
        "max": 0.99,
        "when": [{"parameter": "optimizer", "values": ["adam"]}],
    },
]
LISTED: list[dict[str, Any]] = [
    {
        "name": p["name"],
        "type": "choice",
        "choices": [p["min"], (p["min"] + p["max"]) / 2, p["max"]],
        "when": p.get("when", []),
    }
    if p["type"] == "float"
    else p
    for p in PARAMETERS
]
"""The same with nothing continuous, for a grid."""
MEDIAN = {"startup_trials": 5, "warmup_epochs": 0, "interval_epochs": 1, "min_trials": 1}


def spec(algorithm: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": algorithm,
        "executor": "external",
        "search_space": {"parameters": parameters},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": algorithm, "seed": 7},
        "pruning": {"algorithm": "median", **MEDIAN},
    }


def ended(space: Space, count: int) -> Iterator[Past]:
    """Candidates drawn at random: seven tenths completed, the others pruned in their first epochs, a few failed."""
    rng = Random(1)
    for number in range(count):
        parameters = drawn(space, rng)
        loss = loss_of(parameters) + rng.gauss(0, 0.1)
        state = TrialState.PRUNED if rng.random() < 0.28 else TrialState.COMPLETED
        state = TrialState.FAILED if number % 50 == 7 else state
        told = EPOCHS if state is TrialState.COMPLETED else 2
        curve = [loss + 1 / (epoch + 1) for epoch in range(told)]
        values = [curve[-1]] if state is TrialState.COMPLETED else None
        yield Past(number, state, parameters, values, curve)


def drawn(space: Space, rng: Random) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for parameter in space.parameters:
        if space.exists(parameter, found):
            found[parameter.name] = _value(parameter, rng)
    return found


def _value(parameter: Parameter, rng: Random) -> Value:
    low, high, step = parameter.min, parameter.max, parameter.step
    if low is None or high is None:
        return rng.choice(parameter.choices or (False, True))
    if parameter.type is Type.INT:
        step = step or 1
    if step is not None and not parameter.log:
        value = low + step * rng.randrange(round((high - low) / step) + 1)
    elif parameter.log:
        value = math.exp(rng.uniform(math.log(low), math.log(high)))
    else:
        value = rng.uniform(low, high)
    return round(value) if parameter.type is Type.INT else value


def loss_of(parameters: dict[str, Any]) -> float:
    optimizer = 1 - parameters["momentum"] if parameters["optimizer"] == "sgd" else 0.2
    rate = (math.log10(parameters["learning_rate"]) + 3) ** 2
    return float(
        rate + 0.3 * parameters["dropout"] + 0.2 * abs(parameters["depth"] - 4) + optimizer
    )


def history(algorithm: str, count: int) -> History:
    parameters = LISTED if algorithm == "grid" else PARAMETERS
    space = Space.from_json(parameters)
    found = History(Spec.from_json(spec(algorithm, parameters)), space)
    for past in ended(space, count):
        found.add(past, past.number + 1)
    return found


def optunas(of: History) -> optuna.Study:
    """The same trials in Optuna's memory, searched by its TPE as it comes."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7))
    for trial in of.ended:
        study.add_trial(
            optuna.trial.create_trial(
                state=trial.state,
                values=trial.values,
                params=trial.params,
                distributions=trial.distributions,
                intermediate_values=trial.intermediate_values,
            )
        )
    return study


def write(service: Service, algorithm: str, count: int) -> str:
    """A running study with so many ended trials; its name."""
    name = algorithm.replace("_", "-")
    asked = {**spec(algorithm, PARAMETERS), "name": name, "budget": {"trials": 1_000_000}}
    open_study(service, wire.StudyRequest.model_validate(asked), None)
    with service.database.read() as connection:
        study = studies_storage.get(connection, name)
    pasts = list(ended(study.space, count))
    with service.database.write() as connection:
        connection.execute(insert(trials), [_row(study.id, study.revision, past) for past in pasts])
        ids = connection.scalars(
            select(trials.c.id).where(trials.c.study_id == study.id).order_by(trials.c.number)
        ).all()
        connection.execute(
            insert(epochs),
            [
                {"trial_id": trial, "epoch": epoch, "metrics": {"loss": loss}, "value": loss}
                for trial, past in zip(ids, pasts, strict=True)
                for epoch, loss in enumerate(past.curve)
            ],
        )
        moved_on = study.revision + count
        connection.execute(
            update(studies)
            .where(studies.c.id == study.id)
            .values(next_number=count, revision=moved_on, ended_revision=moved_on)
        )
    return name


def _row(study_id: int, revision: int, past: Past) -> dict[str, Any]:
    value = None if past.values is None else past.values[0]
    return {
        "study_id": study_id,
        "number": past.number,
        "state": past.state,
        "origin": "search",
        "attempt": 1,
        "worker": "bench",
        "parameters": past.parameters,
        "values": None if value is None else {"loss": value},
        "value": value,
        "epochs": len(past.curve),
        "started_at": float(past.number),
        "claimed_at": float(past.number),
        "finished_at": float(past.number + 1),
        "notes": {},
        "ended_revision": revision + past.number + 1,
    }
