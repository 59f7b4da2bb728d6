"""The workers: which are there, what they train, how busy they are."""

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.machine_card import MachineCard
from tuner_service.dashboard.parts import Part, Parts
from tuner_service.dashboard.rendering import page, part
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.service.reading.fleet import Fleet, Machine, Presence, fleet
from tuner_service.service.setup import Service

router = APIRouter(include_in_schema=False, route_class=PageRoute)

KEY = ("fleet",)


@router.get("/fleet")
def index(request: Request, service: ServiceNow, by: Visitor) -> Response:
    url = str(request.base_url).rstrip("/")
    return page("fleet.html", by, here="/fleet", part=_part(request, service), url=url)


@router.get("/parts/fleet")
async def fleet_part(request: Request, service: ServiceNow, by: Visitor) -> Response:
    parts: Parts = request.app.state.parts
    found = parts.recent(KEY)
    if found is None:
        found = await run_in_threadpool(_part, request, service)
    return found.reply(request)


def _part(request: Request, service: Service) -> Part:
    parts: Parts = request.app.state.parts

    def render() -> Markup:
        return part("fleet_part.html", None, **_context(fleet(service)))

    # Every heartbeat changes something here, and so does time: it is simply looked at once a second.
    return parts.get(KEY, lambda: int(time.monotonic()), render)


def _context(found: Fleet) -> dict[str, Any]:
    there, silent = found.those(Presence.THERE), found.those(Presence.SILENT)
    orphaned = sum(MachineCard(machine, found.at).orphaned for machine in there)
    return {
        "fleet": found,
        "cards": [MachineCard(machine, found.at) for machine in (*silent, *there)],
        "silent": len(silent),
        "there": len(there),
        "gone": sorted(found.those(Presence.GONE), key=lambda m: m.last_seen, reverse=True),
        "slots": sum(machine.body["slots"] for machine in there),
        "training": sum(len(machine.slots) for machine in there) - orphaned,
        "orphaned": orphaned,
        "idle": sum(machine.idle for machine in there),
        "gpus": _gpus(there),
        "unserved": [each for each in found.waiting if not each.served],
        "waiting": [each for each in found.waiting if each.served],
    }


def _gpus(machines: Sequence[Machine]) -> dict[str, Any]:
    found = [gauge for m in machines for gauge in m.gauges if gauge.key != "cpu"]
    shares = [gauge.busy for gauge in found if gauge.busy is not None]
    return {"count": len(found), "busy": fmean(shares) if shares else None}
