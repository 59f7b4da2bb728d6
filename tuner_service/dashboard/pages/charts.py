"""What the charts of a study are drawn from, as JSON, for its page.

All are answered with the revision that they show as their entity tag, so that what has not changed is not sent again.
"""

import gzip
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from tuner_service import __version__
from tuner_service.api.promptly import promptly
from tuner_service.api.security import Reader, ServiceNow
from tuner_service.dashboard import study_pace
from tuner_service.dashboard.drawings import Drawings
from tuner_service.domain.study import Study
from tuner_service.domain.trial import TrialState
from tuner_service.errors import UnknownStudy
from tuner_service.service.memory.results import Shown
from tuner_service.service.reading import overview, studies
from tuner_service.service.reading.charts import learning, parallel, pictures, progress, table
from tuner_service.service.setup import Service
from tuner_service.service.views import Json

router = APIRouter(prefix="/studies/{study}", include_in_schema=False)


class Desk:
    """Hands out a chart of one study to whoever makes this request."""

    def __init__(self, request: Request, service: Service, study: Study) -> None:
        self._request = request
        self._service = service
        self._study = study

    async def of_ended(self, make: Callable[[Shown], Json]) -> Response:
        """A chart that changes only when trials end."""
        return await self._reply(make, lambda study: study.ended_revision)

    async def of_all(self, make: Callable[[Shown], Json]) -> Response:
        """A chart that may change with every epoch."""
        return await self._reply(make, lambda study: study.revision)

    async def _reply(
        self, make: Callable[[Shown], Json], revision_of: Callable[[Study], int]
    ) -> Response:
        study, service, request = self._study, self._service, self._request
        drawings: Drawings = request.app.state.drawings
        key = (study.id, request.url.path, blake2b(request.url.query.encode()).digest())
        seen = request.headers.get("if-none-match", "")
        if _tag(study, revision_of(study)) in seen:
            return _unchanged(study, revision_of(study))

        def made() -> tuple[int, Json]:
            shown = service.results.read(service.database, study.name)
            if shown.study.id != study.id:
                raise UnknownStudy(study.name)  # another one has its name since
            return revision_of(shown.study), make(shown)

        # Who has nothing to look at is not kept waiting.
        get = drawings.after_rest if _tag_of(study) in seen else drawings.at
        drawing = await get(key, revision_of(study), made)
        headers = _headers(study, drawing.revision)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(drawing.packed, media_type="application/json", headers=headers)
        return Response(
            gzip.decompress(drawing.packed), media_type="application/json", headers=headers
        )


async def _desk(study: str, request: Request, service: ServiceNow, by: Reader) -> Desk:
    return Desk(request, service, await promptly(studies.find, service, study))


ThisDesk = Annotated[Desk, Depends(_desk)]
Name = Annotated[str, Query(max_length=500)]


def _tag_of(study: Study) -> str:
    return f'W/"{__version__}-{study.created_at}-{study.id}-'


def _tag(study: Study, revision: int) -> str:
    return f'{_tag_of(study)}{revision}"'


def _headers(study: Study, revision: int) -> dict[str, str]:
    return {
        "ETag": _tag(study, revision),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding, Cookie, Authorization",
    }


def _unchanged(study: Study, revision: int) -> Response:
    return Response(status_code=304, headers=_headers(study, revision))


@router.get("/charts/progress")
async def progress_(desk: ThisDesk) -> Response:
    return await desk.of_ended(progress.progress)


@router.get("/charts/curves")
async def curves(desk: ThisDesk, service: ServiceNow, metric: Name | None = None) -> Response:
    return await desk.of_all(partial(learning.curves, service, metric=metric))


@router.get("/charts/parallel")
async def parallel_(desk: ThisDesk) -> Response:
    return await desk.of_ended(parallel.parallel)


@router.get("/charts/importance")
async def importance(desk: ThisDesk) -> Response:
    return await desk.of_ended(pictures.weights)


@router.get("/charts/slices")
async def slices(
    desk: ThisDesk,
    parameter: Annotated[list[Name], Query()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    return await desk.of_ended(partial(pictures.slices, wanted=parameter))


@router.get("/charts/contour")
async def contour(desk: ThisDesk, x: Name, y: Name) -> Response:
    return await desk.of_ended(partial(pictures.contour, x=x, y=y))


@router.get("/charts/pareto")
async def pareto(desk: ThisDesk, x: Name | None = None, y: Name | None = None) -> Response:
    return await desk.of_ended(partial(pictures.pareto, x=x, y=y))


@router.get("/table")
async def table_(
    desk: ThisDesk,
    state: Annotated[list[TrialState], Query()] = [],  # noqa: B006 - FastAPI copies it
    order_by: Name = "number",
    where: Annotated[list[Name], Query()] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> Response:
    return await desk.of_all(
        partial(
            table.table, states=state, order_by=order_by, where=where, limit=limit, offset=offset
        )
    )


@router.get("/charts/pace")
def pace(study: str, service: ServiceNow, by: Reader) -> dict[str, float | None]:
    """How long trials take and how long the study may still take, by the server's clock; it changes by the second."""
    return study_pace.pace(overview.of(service, study))
