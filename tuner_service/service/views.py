"""Domain objects as the JSON of the contract, for replies and for events."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from tuner_service.domain.study import Objective, Study, losses
from tuner_service.domain.trial import Artifact, Epoch, Happening, Trial
from tuner_service.storage import standings, studies
from tuner_service.wire import rfc3339

Json = dict[str, Any]


def study_json(connection: Connection, study: Study, known_front: list[Json] | None = None) -> Json:
    """With ``known_front`` as its Pareto front, where that was made since the last trial ended."""
    best = standings.best(connection, study)
    reply: Json = {
        "name": study.name,
        "state": study.state,
        "created_at": rfc3339(study.created_at),
        "spec": study.spec_json,
        "space": {"parameters": study.space.to_json(), "digest": study.space.digest},
        "progress": {
            "budget": study.budget.trials,
            **{state.value: count for state, count in studies.counts(connection, study).items()},
        },
        "best": None if best is None else best_json(best),
        "reason": study.reason,
    }
    if study.preflight is not None:
        reply["preflight"] = study.preflight
    if len(study.spec.objectives) > 1:
        reply["pareto_front"] = known_front or _front_json(connection, study)
    return reply


def _front_json(connection: Connection, study: Study) -> list[Json]:
    front = pareto_front(study.spec.objectives, standings.completed(connection, study))
    return [best_json(trial) for trial in front]


def best_json(trial: Trial) -> Json:
    return {"trial": trial.number, "values": trial.values, "parameters": trial.parameters}


def pareto_front(objectives: Sequence[Objective], among: Sequence[Trial]) -> list[Trial]:
    """The trials that no other one beats in every objective, in their order."""
    points = sorted(
        ((losses(objectives, t.values), t.number, t) for t in among if t.values is not None),
        key=lambda point: point[:2],
    )
    # In this order whatever is beaten stands after one of the front that beats it; of two objectives, the last.
    front: list[tuple[list[float], Trial]] = []
    for mine, _, trial in points:
        beaten = any(
            other != mine and all(o <= m for o, m in zip(other, mine, strict=True))
            for other, _ in (front[-1:] if len(objectives) == 2 else front)
        )
        if not beaten:
            front.append((mine, trial))
    return sorted((trial for _, trial in front), key=lambda trial: trial.number)


def trial_json(study: str, trial: Trial) -> Json:
    return {
        "study": study,
        "number": trial.number,
        "state": trial.state,
        "origin": trial.origin,
        "attempt": trial.attempt,
        "worker": trial.worker,
        "parameters": trial.parameters,
        "values": trial.values,
        "best_epoch": trial.best_epoch,
        "epochs": trial.epochs,
        "model_parameters": trial.model_parameters,
        "started_at": rfc3339(trial.started_at),
        "finished_at": rfc3339(trial.finished_at),
        "seconds": None if trial.seconds is None else round(trial.seconds, 3),
        "error": trial.error,
    }


def suggestion_json(trial: Trial) -> Json | None:
    """What the search made the trial's suggestion from; None while it was not asked."""
    shown = trial.notes.get("history")
    if shown is None:
        return None
    sampler = trial.notes.get("sampler", {})
    return {
        "sampler": sampler.get("name"),
        "seed": sampler.get("seed"),
        "versions": sampler.get("versions", {}),
        "revision": shown["revision"],
        "running": shown["running"],
        "fixed": list(shown.get("fixed", ())),
        "duplicates": trial.notes.get("duplicates", []),
    }


def epoch_json(epoch: Epoch) -> Json:
    return {"epoch": epoch.epoch, "metrics": epoch.metrics, "seconds": epoch.seconds}


def happening_json(happening: Happening) -> Json:
    line: Json = {
        "at": rfc3339(happening.at),
        "what": happening.what,
        "worker": happening.worker,
        "attempt": happening.attempt,
        "detail": happening.detail,
    }
    if happening.epochs:
        line["epochs"] = [epoch_json(epoch) for epoch in happening.epochs]
    return line


def artifact_json(artifact: Artifact) -> Json:
    shown: Json = {
        "name": artifact.name,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "created_at": rfc3339(artifact.created_at),
    }
    return shown if artifact.checkpoint is None else shown | {"checkpoint": artifact.checkpoint}


def resume_json(checkpoint: Artifact) -> Json:
    return {
        "epoch": checkpoint.checkpoint,
        "checkpoint": checkpoint.name,
        "sha256": checkpoint.sha256,
    }


def text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
