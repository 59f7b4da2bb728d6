"""One trial."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from tuner_service.api.conventions import Number
from tuner_service.api.security import ServiceNow
from tuner_service.dashboard import trial_facts
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.domain.study import EXTENDABLE, Study
from tuner_service.domain.trial import OPEN, Artifact, TrialState
from tuner_service.errors import NotFound
from tuner_service.service.reading import artifacts, studies, trials

router = APIRouter(include_in_schema=False, route_class=PageRoute)

PICTURE = "architecture.svg"
MODEL = "model.keras"
MOST_PICTURE_BYTES = 4 * 1024 * 1024
# What a worker sent is shown and never runs: an <img> runs no scripts, and opened by itself it may do nothing either.
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@router.get("/studies/{name}/trials/{number}")
def show(name: str, number: Number, service: ServiceNow, by: Visitor) -> HTMLResponse:
    # The study and its revision first: what happens after it is told again, and nothing is missed.
    study = studies.find(service, name)
    trial = trials.get(service, name, number)
    files = artifacts.page(service, name, number)
    return page(
        "trial.html",
        by,
        here="/",
        study=study,
        trial=trial,
        charted=_charted(study, trial),
        fate=None if trial["state"] == TrialState.RUNNING else trial_facts.fate(study, trial),
        settings=trial_facts.settings(study, trial),
        origin=trial_facts.origin(study, trial),
        planned=trial_facts.planned_epochs(study, trial),
        took=trial_facts.took(trial),
        timeline=list(trial_facts.timeline(trial)),
        files=files,
        told=trial_facts.FILES,
        picture=_picture(files),
        model=MODEL if any(file.name == MODEL for file in files) else None,
        best=studies.get(service, name)["best"],
        open=trial["state"] in OPEN,
        queueing=study.state in EXTENDABLE,
    )


def _charted(study: Study, trial: Mapping[str, Any]) -> dict[str, Any]:
    """What the charts need to know beside the epochs."""
    return {
        "state": trial["state"],
        "epochs": trial["epochs"],
        "best_epoch": trial["best_epoch"],
        "ended_early": trial_facts.ended_early(study, trial),
        "reduces": bool(study.spec.training.get("reduce_lr_on_plateau")),
        "objectives": [
            {"metric": objective.metric, "direction": objective.direction}
            for objective in study.spec.objectives
        ],
    }


@router.get("/studies/{name}/trials/{number}/architecture.svg")
def picture(
    name: str, number: Number, request: Request, service: ServiceNow, by: Visitor
) -> Response:
    """The picture of the architecture as an image, where the API hands out only downloads."""
    found = _picture(artifacts.page(service, name, number))
    if found is None:
        raise NotFound(f'trial {number} of study "{name}" has no picture of its architecture')
    headers = {**PICTURE_HEADERS, "ETag": f'"{found.sha256}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    _, chunks = artifacts.open_artifact(service, name, number, PICTURE)
    return Response(b"".join(chunks), media_type="image/svg+xml", headers=headers)


def _picture(files: Sequence[Artifact]) -> Artifact | None:
    """The picture, unless it is larger than ours are."""
    fitting = (f for f in files if f.name == PICTURE and f.size <= MOST_PICTURE_BYTES)
    return next(fitting, None)
