"""The list of studies: what runs, how far it is, the best so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.parts import Part, Parts
from tuner_service.dashboard.rendering import page, part
from tuner_service.dashboard.study_row import StudyRow
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.domain.study import StudyState
from tuner_service.service.reading import overview
from tuner_service.service.reading.overview import Listing
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import Principal

router = APIRouter(include_in_schema=False, route_class=PageRoute)

A_PAGE = 100


@dataclass(frozen=True)
class Shown:
    """Which studies are asked for. ``page`` counts from 1."""

    q: str
    state: StudyState | None
    page: int

    def href(self, **changed: Any) -> str:
        """The address of the list with something else asked for; what is usual is left out."""
        asked = {"q": self.q, "state": self.state, "page": self.page, **changed}
        usual: Mapping[str, Any] = {"q": "", "state": None, "page": 1}
        query = urlencode({name: it for name, it in asked.items() if it != usual[name]})
        return f"/?{query}" if query else "/"


async def _shown(
    q: Annotated[str, Query(max_length=63)] = "",
    state: StudyState | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Shown:
    return Shown(q.strip().lower(), state, page)


Asked = Annotated[Shown, Depends(_shown)]


@router.get("/")
def index(request: Request, service: ServiceNow, by: Visitor, shown: Asked) -> Response:
    found = _part(request, service, by, shown)
    return page(
        "studies.html", by, here="/", shown=shown, part=found, url=str(request.base_url).rstrip("/")
    )


@router.get("/parts/studies")
async def studies_part(
    request: Request, service: ServiceNow, by: Visitor, shown: Asked
) -> Response:
    parts: Parts = request.app.state.parts
    found = parts.recent(_key(by, shown))
    if found is None:
        found = await run_in_threadpool(_part, request, service, by, shown)
    return found.reply(request)


def _key(by: Principal, shown: Shown) -> tuple[str, Shown, bool]:
    return "studies", shown, by.may_submit


def _part(request: Request, service: Service, by: Principal, shown: Shown) -> Part:
    parts: Parts = request.app.state.parts

    def render() -> Markup:
        found = overview.listing(
            service,
            named=shown.q,
            state=shown.state,
            limit=A_PAGE,
            offset=(shown.page - 1) * A_PAGE,
        )
        return part("studies_list.html", by, shown=shown, **_context(found, shown))

    return parts.get(_key(by, shown), lambda: overview.mark(service), render)


def _context(found: Listing, shown: Shown) -> dict[str, Any]:
    total = sum(found.by_state.values())
    matching = total if shown.state is None else found.by_state.get(shown.state, 0)
    return {
        "rows": [StudyRow(study) for study in found.studies],
        "total": total,
        "chips": [(None, total), *((state, found.by_state.get(state, 0)) for state in StudyState)],
        "matching": matching,
        "first": (shown.page - 1) * A_PAGE + 1,
        "pages": max(1, -(-matching // A_PAGE)),
    }
