"""A study too large to be made through the contract: written into the tables at once, in seconds."""

import math
import time
from random import Random
from typing import Any

from sqlalchemy import insert, select, update

from tests.browser.made_curves import Metrics, curve, promise
from tuner_service import wire
from tuner_service.domain.parameter import Parameter, Type
from tuner_service.domain.space import Space
from tuner_service.domain.study import Study
from tuner_service.service.setup import Service
from tuner_service.service.studies.opening import open_study
from tuner_service.storage import studies as studies_storage
from tuner_service.storage.tables import epochs as epochs_table
from tuner_service.storage.tables import studies
from tuner_service.storage.tables import trials as trials_table

NAME = "large"
TRIAL_SECONDS = 40.0
PRUNED_AT = 6


def large(service: Service, trials: int = 10_000, epochs: int = 20) -> str:
    """A running study of that many ended trials, seven tenths of them completed with that many epochs; its name."""
    request = wire.StudyRequest.model_validate(
        {
            "name": NAME,
            "search_space": "dense",
            "dataset": "digits",
            "search": {"algorithm": "random", "seed": 1},
            "pruning": {"algorithm": "median", "warmup_epochs": 3},
            "training": {"epochs": epochs, "early_stopping": None},
            "budget": {"trials": trials + 100},
        }
    )
    open_study(service, request, None)
    with service.database.read() as connection:
        study = studies_storage.get(connection, NAME)
    rows, curves = _made(study, trials)
    begin = time.time() - trials * TRIAL_SECONDS / 8
    with service.database.write() as connection:
        for number, row in enumerate(rows):
            row["started_at"] = row["claimed_at"] = begin + number * TRIAL_SECONDS / 8
            row["finished_at"] = row["started_at"] + 2 * row["epochs"]
        connection.execute(insert(trials_table), rows)
        ids = connection.scalars(
            select(trials_table.c.id)
            .where(trials_table.c.study_id == study.id)
            .order_by(trials_table.c.number)
        ).all()
        connection.execute(
            insert(epochs_table),
            [
                {
                    "trial_id": trial_id,
                    "epoch": epoch,
                    "metrics": metrics,
                    "value": metrics["val_accuracy"],
                    "seconds": 2.0,
                }
                for trial_id, told in zip(ids, curves, strict=True)
                for epoch, metrics in enumerate(told)
            ],
        )
        connection.execute(
            update(studies)
            .where(studies.c.id == study.id)
            .values(
                created_at=begin - 60,
                next_number=trials,
                revision=study.revision + trials,
                ended_revision=study.revision + trials,
            )
        )
    return NAME


def _made(study: Study, trials: int) -> tuple[list[dict[str, Any]], list[list[Metrics]]]:
    """The rows of the trials, and the epochs of each."""
    rng = Random(1)
    rows, curves = [], []
    for number in range(trials):
        parameters = _candidate(study.space, rng)
        whole = list(
            curve(
                promise(parameters, 0.985),
                study.spec.training,
                parameters["learning_rate"],
                classes=10,
                validated=359,
                rng=rng,
            )
        )
        state = "failed" if number % 50 == 7 else "pruned" if rng.random() < 0.28 else "completed"
        told = whole if state == "completed" else whole[:PRUNED_AT]
        best = max(range(len(told)), key=lambda epoch: (told[epoch]["val_accuracy"], -epoch))
        value = told[best]["val_accuracy"]
        curves.append(told)
        rows.append(
            {
                "study_id": study.id,
                "number": number,
                "state": state,
                "origin": "search",
                "attempt": 1,
                "worker": f"gpu-node-{1 + number % 8}",
                "parameters": parameters,
                "values": {"val_accuracy": value},
                "value": value,
                "best_epoch": best,
                "epochs": len(told),
                "model_parameters": 650 + 64 * parameters["width"] * parameters["depth"],
                "error": 'metric "loss" became nan in epoch 5' if state == "failed" else None,
                "notes": {},
                "ended_revision": study.revision + number + 1,
            }
        )
    return rows, curves


def _candidate(space: Space, rng: Random) -> dict[str, Any]:
    """Drawn at random, without the sampler, which would take longer than all the rest."""
    drawn: dict[str, Any] = {}
    for parameter in space.parameters:
        if space.exists(parameter, drawn):
            drawn[parameter.name] = _value(parameter, rng)
    return drawn


def _value(parameter: Parameter, rng: Random) -> Any:
    low, high = parameter.min, parameter.max
    if low is None or high is None:
        choices = parameter.choices or ((True, False) if parameter.type is Type.BOOL else ())
        return parameter.value if parameter.type is Type.FIXED else rng.choice(choices)
    drawn = rng.uniform(math.log(low), math.log(high)) if parameter.log else rng.uniform(low, high)
    value = math.exp(drawn) if parameter.log else drawn
    return round(value) if parameter.type is Type.INT else value
