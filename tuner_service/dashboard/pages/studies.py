"""The list of studies."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.service import studies

router = APIRouter(include_in_schema=False, route_class=PageRoute)

SHOWN_STATES = ("running", "queued", "pruned", "failed", "cancelled")
MOST = 200
"""So many studies stand on the page."""


@router.get("/")
def index(service: ServiceNow, by: Visitor) -> HTMLResponse:
    found = studies.page(service, None, MOST + 1, 0)
    rows = [_row(study) for study in found[:MOST]]
    return page("studies.html", by, rows=rows, more=len(found) > MOST)


def _row(study: dict[str, Any]) -> dict[str, Any]:
    progress = study["progress"]
    over = sum(progress[state] for state in ("completed", "pruned", "failed", "cancelled"))
    best = study["best"]
    return {
        "name": study["name"],
        "state": study["state"],
        "reason": study["reason"],
        "space": study["spec"]["search_space"]
        if isinstance(study["spec"]["search_space"], str)
        else "external",
        "dataset": study["spec"]["dataset"],
        "over": over,
        "progress": progress,
        "counts": " · ".join(
            f"{progress[state]} {state}" for state in SHOWN_STATES if progress[state]
        ),
        "best": None if best is None else best["trial"],
        "values": {} if best is None else {m: f"{v:.4g}" for m, v in best["values"].items()},
        "created_at": study["created_at"][:16].replace("T", " "),
    }
