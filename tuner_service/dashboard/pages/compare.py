"""Trials beside one another, also of several studies."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.comparison import Compared, table
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.domain.study import OVER
from tuner_service.errors import NotFound
from tuner_service.service.reading import studies, trials
from tuner_service.service.setup import Service
from tuner_service.service.views import Json

router = APIRouter(include_in_schema=False, route_class=PageRoute)

MOST = 12
"""So many trials at a time: more curves over each other nobody can tell apart."""
MOST_LETTERS = 200
OFFERED = 50
"""So many of the newest studies are offered to choose from."""
TRIAL = re.compile(r"\s*([^/\s]+)\s*/\s*([0-9]{1,9})\s*")


@router.get("/compare")
def compare(
    service: ServiceNow,
    by: Visitor,
    trial: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
) -> HTMLResponse:
    named = list(dict.fromkeys(_normal(each) for each in trial if each.strip()))
    found, wrong = _found(service, named[:MOST])
    shown = [str(each) for each in found]
    known = list(studies.page(service, None, OFFERED).values())
    return page(
        "compare.html",
        by,
        here="/compare",
        compared=found,
        without={each: _address(other for other in shown if other != each) for each in shown},
        wrong=wrong,
        left_out=named[MOST:],
        most=MOST,
        table=table(found),
        follow=_live(found),
        known=known,
        winners=_address(_winners(known)),
        full=len(shown) >= MOST,
    )


def _normal(text: str) -> str:
    match = TRIAL.fullmatch(text)
    return f"{match[1]}/{int(match[2])}" if match else text.strip()[:MOST_LETTERS]


def _found(service: Service, named: Sequence[str]) -> tuple[list[Compared], list[str]]:
    """The trials in the order in which they are named, and what is wrong with the other names."""
    found: list[Compared] = []
    wrong: list[str] = []
    for name in named:
        match = TRIAL.fullmatch(name)
        if match is None:
            wrong.append(f'"{name}" is no trial: write the study, a slash and a number')
            continue
        try:
            study = studies.find(service, match[1])
            found.append(Compared(study, trials.get(service, match[1], int(match[2])), len(found)))
        except NotFound as error:
            wrong.append(error.message)
    return found, wrong


def _live(found: Sequence[Compared]) -> dict[str, int]:
    """The studies of which there may be news, and the revision that is shown of each."""
    moving = [each.study for each in found if each.open and each.study.state not in OVER]
    return {study.name: min(s.revision for s in moving if s.id == study.id) for study in moving}


def _winners(known: Sequence[Json]) -> list[str]:
    """The best trial of each of the newest studies that have one."""
    best = [f"{study['name']}/{study['best']['trial']}" for study in known if study["best"]]
    return best[:4]


def _address(shown: Iterable[str]) -> str:
    query = urlencode([("trial", each) for each in shown], safe="/")
    return f"/compare?{query}" if query else "/compare"
