"""One study, live."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.study_facts import Fact, facts
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.domain.study import EXTENDABLE, OVER, TRANSITIONS, Study
from tuner_service.errors import UnknownDataset
from tuner_service.service.data import catalogue
from tuner_service.service.reading import studies
from tuner_service.service.reading.fleet import SILENT_SECONDS
from tuner_service.service.setup import Service

router = APIRouter(include_in_schema=False, route_class=PageRoute)

OFFERED = {
    "pause": TRANSITIONS["paused"][0],
    "resume": TRANSITIONS["resumed"][0],
    "cancel": TRANSITIONS["cancelled"][0],
    "extend": EXTENDABLE,
    "queue": EXTENDABLE,
    "delete": OVER,
}
"""In which states each action is offered."""


@router.get("/studies/{name}")
def show(name: str, request: Request, service: ServiceNow, by: Visitor) -> HTMLResponse:
    # Its revision first: what happens after it is told again, and nothing is missed.
    study = studies.find(service, name)
    # For scripts as the API tells it, but for what is as long as the model has layers.
    shown = {key: it for key, it in studies.get(service, name).items() if key != "preflight"}
    return page(
        "study.html",
        by,
        here="/",
        study=study,
        offered={action: " ".join(states) for action, states in OFFERED.items()},
        shown=shown,
        facts=_facts(service, study),
        uploaded=catalogue.is_upload(study.data),
        silent_after=SILENT_SECONDS,
        metrics=[objective.metric for objective in study.spec.objectives],
        url=str(request.base_url).rstrip("/"),
    )


def _facts(service: Service, study: Study) -> list[Fact]:
    """Data that was deleted since has no page to link to."""
    found = facts(study)
    if study.spec.dataset is None:
        return found
    try:
        catalogue.dataset(service, study.spec.dataset)
    except UnknownDataset:
        return [_deleted(fact) if fact.label == "Data set" else fact for fact in found]
    return found


def _deleted(fact: Fact) -> Fact:
    return replace(fact, text=f"{fact.text} (deleted)", href=None)
