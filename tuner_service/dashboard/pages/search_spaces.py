"""The search spaces: families of models, and what of them is searched."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard import fields
from tuner_service.dashboard.parameters import parameter_rows
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.service.data import catalogue
from tuner_service.service.reading import usage
from tuner_service.service.setup import Service

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Json = dict[str, Any]
OWN, BUILT_IN = "Your own", "Built in"
MOST_USERS = 20


@router.get("/search-spaces")
def index(service: ServiceNow, by: Visitor) -> HTMLResponse:
    used = usage.counts(service, "search_space")
    data = catalogue.all_of(service, "datasets")
    rows = [
        {
            **_about(service, entry),
            "parameters": len(entry.get("parameters") or ()),
            "data": [d["name"] for d in data if catalogue.misfit(entry, d) is None],
            "studies": used.get(entry["name"], 0),
        }
        for entry in catalogue.all_of(service, "search_spaces")
    ]
    groups = [(o, [row for row in rows if row["origin"] == o]) for o in (OWN, BUILT_IN)]
    return page("search_spaces.html", by, here="/search-spaces", groups=groups)


@router.get("/search-spaces/{name}")
def show(name: str, service: ServiceNow, by: Visitor) -> HTMLResponse:
    entry = catalogue.search_space(service, name)
    data = usage.data_for(service, entry) if entry["status"] == "ready" else []
    return page(
        "search_space.html",
        by,
        here="/search-spaces",
        entry=_about(service, entry),
        parameters=parameter_rows(entry.get("parameters") or ()),
        fitting=[one for one in data if one.misfit is None],
        users=usage.users(service, "search_space", name, MOST_USERS),
    )


def _about(service: Service, entry: catalogue.Entry) -> Json:
    return {
        "name": entry["name"],
        "title": entry.get("title") or entry["name"],
        "summary": entry.get("summary") or "",
        "takes": fields.accepted(entry.get("inputs") or ()) or "anything",
        "gives": fields.accepted(entry.get("outputs") or ()) or "anything",
        "source": entry.get("source") or "",
        "status": entry["status"],
        "error": entry.get("error"),
        "origin": BUILT_IN
        if catalogue.is_built_in(service, "search_spaces", entry["name"])
        else OWN,
    }
