"""From a request to a study: every default filled in, the space frozen, everything wrong refused at once."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from search_spaces.reported import metrics
from tuner_service import wire
from tuner_service.domain import training
from tuner_service.domain.metrics import unknown_metrics
from tuner_service.domain.overrides import overridden
from tuner_service.domain.space import Space
from tuner_service.domain.study import Executor, Study
from tuner_service.errors import (
    Invalid,
    KeyReused,
    Problem,
    UnknownDataset,
    UnknownSearchSpace,
)
from tuner_service.service.change import Change
from tuner_service.service.data import catalogue
from tuner_service.service.memory.bell import WORK
from tuner_service.service.setup import Service
from tuner_service.service.studies import prunings, searches
from tuner_service.service.views import Json, study_json, text
from tuner_service.storage import datasets, studies
from tuner_service.storage.studies import KeyTaken

LOSS_WEIGHT = "loss_weight_"
"""What the names of such parameters begin with."""


def open_study(service: Service, request: wire.StudyRequest, key: str | None) -> Json:
    """Open a study, running; under a key that was used before, the study that it opened then.

    Raises Invalid with every problem that was found, StudyExists, KeyReused.
    """
    digest = hashlib.sha256(text(wire.given(request)).encode()).hexdigest()
    with service.database.read() as connection:
        if key and (study := _opened_before(connection, key, digest)):
            return study_json(connection, study)
        spec, space, data = _complete(service, connection, request)
    try:
        with service.database.write() as connection:
            if data is not None:
                _check_still_there(connection, data)
            studies.add(connection, spec, space, data, key=key, body_digest=digest)
            study, at = studies.lock(connection, spec["name"])
            opened = Change(connection, study, at)
            opened.tell_study()
            opened.write_events()
            reply = study_json(connection, study)
    except KeyTaken:
        # The same request came twice at once, and the other one was quicker: its study is the answer.
        return open_study(service, request, key)
    service.bell.ring(WORK)
    return reply


def _opened_before(connection: Connection, key: str, digest: str) -> Study | None:
    found = studies.opened_with(connection, key)
    if found is None:
        return None
    study, body_digest = found
    if body_digest != digest:
        raise KeyReused(key, ("header", "Idempotency-Key"))
    return study


def _check_still_there(connection: Connection, data: catalogue.Entry) -> None:
    """An upload may have been deleted or replaced since it was looked up; from here on it is in use."""
    if not catalogue.is_upload(data):
        return
    held = datasets.hold(connection, data["name"])
    if held is None or held.sha256 != data["sha256"]:
        msg = f'dataset "{data["name"]}" was deleted or replaced at this moment; try again'
        raise Invalid([Problem(("dataset",), msg)], code="unknown_dataset")


def _complete(
    service: Service, connection: Connection, request: wire.StudyRequest
) -> tuple[Json, Space, catalogue.Entry | None]:
    """The complete spec, the space that is searched, and the data. Raises Invalid."""
    if request.executor is Executor.EXTERNAL:
        family, entry, data = _inline_space(request), None, None
    else:
        entry, data = _family_and_dataset(service, connection, request)
        family = Space.from_json(entry["parameters"])
    objectives = _objectives(request, data)
    overrides = {name: dict(wire.given(override)) for name, override in request.overrides.items()}
    weights = {} if data is None else _loss_weights(family, objectives, overrides)
    changed = overridden(family, weights | overrides, at=("overrides",))
    settings = _training(request)
    space = Space((*changed.parameters, *training.searched(settings)))
    try:
        space.validate()
    except Invalid as error:
        raise Invalid(
            [Problem(("training",), problem.msg) for problem in error.problems], code=error.code
        ) from error
    search = searches.completed(request.search, space, len(objectives), request.budget.trials)
    if entry is not None and data is not None:
        _check_metrics(entry, data, objectives, settings)
    spec: Json = {
        "name": request.name or _name(request),
        "executor": request.executor.value,
        "search_space": request.search_space
        if isinstance(request.search_space, str)
        else {"parameters": family.to_json()},
        "dataset": request.dataset,
        "overrides": overrides,
        "objectives": objectives,
        "search": search,
        "pruning": prunings.completed(request.pruning, settings),
        "training": settings,
        "budget": {
            "trials": request.budget.trials or _default_trials(search, space),
            "seconds": request.budget.seconds,
        },
        "max_parallel": request.max_parallel,
        "priority": request.priority,
    }
    return spec, space, data


def _check_metrics(
    entry: catalogue.Entry,
    data: catalogue.Entry,
    objectives: Sequence[Mapping[str, Any]],
    settings: Json,
) -> None:
    """Refuse what no such model reports. Of a user's own model only the preflight will tell."""
    if entry.get("source") != "built-in":
        return
    reported = metrics(data["outputs"])
    if problems := unknown_metrics(objectives, settings, reported):
        raise Invalid(problems, code="unknown_metric")


def _inline_space(request: wire.StudyRequest) -> Space:
    problems = []
    if isinstance(request.search_space, str):
        msg = 'an external study brings its own space: "search_space": {"parameters": [...]}'
        problems.append(Problem(("search_space",), msg))
    if request.dataset is not None:
        problems.append(Problem(("dataset",), "an external study has no dataset"))
    if problems or isinstance(request.search_space, str):
        raise Invalid(problems)
    space = Space.from_json(
        [p.model_dump(mode="json", exclude_unset=True) for p in request.search_space.parameters]
    )
    space.validate(at=("search_space", "parameters"))
    return space


def _family_and_dataset(
    service: Service, connection: Connection, request: wire.StudyRequest
) -> tuple[catalogue.Entry, catalogue.Entry]:
    spaces = catalogue.entries(service, connection, "search_spaces")
    known_data = catalogue.entries(service, connection, "datasets")
    if not isinstance(request.search_space, str):
        msg = 'parameters of its own are for "executor": "external"; name a registered search space'
        raise Invalid([Problem(("search_space",), msg)])
    problems, code = [], "invalid_request"
    if request.search_space not in spaces:
        unknown = UnknownSearchSpace(request.search_space, spaces)
        problems.append(Problem(("search_space",), unknown.message))
        code = unknown.code
    if request.dataset is None:
        problems.append(Problem(("dataset",), "a dataset is required"))
    elif request.dataset not in known_data:
        missing = UnknownDataset(request.dataset, known_data)
        problems.append(Problem(("dataset",), missing.message))
        code = code if len(problems) > 1 else missing.code
    if problems or request.dataset is None:
        raise Invalid(problems, code=code)
    space, data = spaces[request.search_space], known_data[request.dataset]
    if space["status"] != "ready":
        msg = f'search space "{space["name"]}" is {space["status"]}: {space.get("error")}'
        raise Invalid([Problem(("search_space",), msg)], code="broken_search_space")
    if data["status"] != "ready":
        msg = f'dataset "{data["name"]}" is {data["status"]}: {data.get("error")}'
        raise Invalid([Problem(("dataset",), msg)], code="dataset_not_here")
    if why := catalogue.misfit(space, data):
        raise Invalid([Problem(("dataset",), why)], code="misfit")
    return space, data


def _training(request: wire.StudyRequest) -> Json:
    # An external study without settings says {} in its spec, which may be sent again.
    nothing_given = request.training is None or not wire.given(request.training)
    if nothing_given and request.executor is Executor.EXTERNAL:
        return {}
    settings = (request.training or wire.Training()).model_dump(mode="json")
    if problems := [Problem(loc, msg) for loc, msg in training.defects(settings)]:
        raise Invalid(problems)
    return settings


def _objectives(
    request: wire.StudyRequest, data: catalogue.Entry | None
) -> list[Mapping[str, Any]]:
    if request.objectives is not None:
        metrics = [objective.metric for objective in request.objectives]
        if len(set(metrics)) < len(metrics):
            raise Invalid([Problem(("objectives",), "a metric stands twice among the objectives")])
        return [objective.model_dump(mode="json") for objective in request.objectives]
    return usual_objectives(data)


def usual_objectives(data: catalogue.Entry | None) -> list[Mapping[str, Any]]:
    """What is searched for where the user names nothing; ``data`` is None for external studies."""
    if data is None:
        return [{"metric": "value", "direction": "minimize"}]
    outputs = data.get("outputs") or []
    # With several outputs every one has an accuracy of its own; what they share is the loss.
    if len(outputs) == 1 and outputs[0].get("kind") == "class":
        return [{"metric": "val_accuracy", "direction": "maximize"}]
    return [{"metric": "val_loss", "direction": "minimize"}]


def _loss_weights(
    family: Space, objectives: Sequence[Mapping[str, Any]], overrides: Mapping[str, Json]
) -> dict[str, Json]:
    """Overrides that leave the weights of losses as they are where the weighted sum is an objective.

    The least sum would be that of the smallest weights, whatever the model. Raises Invalid for a weight that the user
    wants searched.
    """
    sums = [each["metric"] for each in objectives if each["metric"] in ("loss", "val_loss")]
    if not sums:
        return {}
    weights = [p for p in family.parameters if p.name.startswith(LOSS_WEIGHT)]
    if problems := [
        Problem(
            ("overrides", weight.name),
            f'"{weight.name}" weighs what "{sums[0]}" adds up, so that no two candidates could be compared; '
            'give it a "value", or name an objective that is not weighted',
        )
        for weight in weights
        if "value" not in overrides.get(weight.name, {"value": None})
    ]:
        raise Invalid(problems, code="invalid_overrides")
    return {w.name: {"value": w.default} for w in weights if w.default is not None}


def _default_trials(search: Json, space: Space) -> int:
    if search.get("picked", search)["algorithm"] == "grid":
        return space.size() or searches.TRIALS
    return searches.TRIALS


def _name(request: wire.StudyRequest) -> str:
    words = [request.search_space if isinstance(request.search_space, str) else "external"]
    words += [request.dataset] if request.dataset else []
    stem = "-".join(words).lower()
    clean = "".join(c if c.isascii() and c.isalnum() else "-" for c in stem).strip("-")
    return f"{clean[:50] or 'study'}-{secrets.token_hex(4)}"
