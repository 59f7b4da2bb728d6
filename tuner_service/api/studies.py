"""``/v1/studies``: opening, steering, reading, watching."""

import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from anyio import Semaphore, fail_after
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from tuner_service import wire
from tuner_service.api.broadcasts import Broadcasts
from tuner_service.api.conventions import Listed, Paged, problems
from tuner_service.api.cursors import NUMBERS
from tuner_service.api.security import Reader, ServiceNow, Submitter, readers
from tuner_service.domain.study import Study, StudyState
from tuner_service.errors import Forbidden, Invalid, Problem, Unauthenticated, Unavailable
from tuner_service.service.reading import replays, studies
from tuner_service.service.studies import opening, steering

router = APIRouter(prefix="/v1/studies", tags=["studies"])

TURN_SECONDS = 10.0
"""So long a replay waits for another one."""
ALLOWED_SECONDS = 30.0
"""How often a stream of events looks whether its listener still may."""


@router.post(
    "",
    status_code=201,
    responses={201: {"model": wire.StudyReply}, **problems(409, 413, 415)},
    summary="Open a study",
)
def open_study(
    request: wire.StudyRequest,
    service: ServiceNow,
    by: Submitter,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> JSONResponse:
    """Only `search_space` and `dataset` are required. A repeated `Idempotency-Key` gets the same study again."""
    study = opening.open_study(service, request, idempotency_key)
    return JSONResponse(study, 201, headers={"Location": f"/v1/studies/{study['name']}"})


@router.get("", responses={200: {"model": Listed[wire.StudyReply]}, **problems()})
def list_studies(
    service: ServiceNow, by: Reader, page: Paged, state: StudyState | None = None
) -> JSONResponse:
    """Newest first."""
    found = studies.page(service, state, page.limit + 1, page.after(NUMBERS))
    return page.reply(NUMBERS, found.items())


@router.get("/{study}", responses={200: {"model": wire.StudyReply}, **problems(404)})
def get_study(study: str, service: ServiceNow, by: Reader) -> JSONResponse:
    return JSONResponse(studies.get(service, study))


@router.delete("/{study}", status_code=204, responses=problems(404, 409))
def delete_study(study: str, service: ServiceNow, by: Submitter) -> Response:
    """With its trials and artifacts; not while trials run."""
    steering.delete(service, study)
    return Response(status_code=204)


_STEERED = {200: {"model": wire.StudyReply}, **problems(404, 409)}


@router.post("/{study}/pause", responses=_STEERED)
def pause(study: str, service: ServiceNow, by: Submitter) -> JSONResponse:
    """Hand out nothing more; running trials give their slots back after their next epoch."""
    return JSONResponse(steering.pause(service, study))


@router.post("/{study}/resume", responses=_STEERED)
def resume(study: str, service: ServiceNow, by: Submitter) -> JSONResponse:
    return JSONResponse(steering.resume(service, study))


@router.post("/{study}/cancel", responses=_STEERED)
def cancel(study: str, service: ServiceNow, by: Submitter) -> JSONResponse:
    """End the study and its open trials."""
    return JSONResponse(steering.cancel(service, study))


@router.post("/{study}/extend", responses={**_STEERED, **problems(404, 409, 413, 415)})
def extend(
    study: str, extension: wire.Extension, service: ServiceNow, by: Submitter
) -> JSONResponse:
    """More budget, also for a completed study."""
    return JSONResponse(steering.extend(service, study, extension.trials))


@router.get("/{study}/importance", responses={200: {"model": wire.Importance}, **problems(404)})
def importance(study: str, service: ServiceNow, by: Reader) -> JSONResponse:
    """Each parameter's share in the variation of the first objective (PED-ANOVA); empty while too little is known."""
    return JSONResponse(studies.importances(service, study))


@router.get(
    "/{study}/replay", responses={200: {"model": Listed[wire.ReplayReply]}, **problems(404, 409)}
)
async def replay(
    request: Request, study: str, service: ServiceNow, by: Reader, page: Paged
) -> JSONResponse:
    """Make every suggestion once more, in the order of the trials, from what each was made from.

    A page ends after some seconds, so it may have fewer items than `limit`. One is made at a time: who waits too long
    for another one gets 503.
    """
    # Waiting here takes up no thread, of which everything else has need.
    turn: Semaphore = request.app.state.replaying
    try:
        with fail_after(TURN_SECONDS):
            await turn.acquire()
    except TimeoutError as error:
        told = "another study is being replayed at this moment; try again later"
        raise Unavailable(told, code="replaying") from error
    try:
        found, more = await run_in_threadpool(replays.page, service, study, page.limit, page.first)
    finally:
        turn.release()
    return page.part(NUMBERS, [(each["number"], each) for each in found], has_more=more)


async def _watched(study: str, service: ServiceNow, by: Reader) -> Study:
    return await run_in_threadpool(studies.find, service, study)


async def _after(
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**62, description="Like `Last-Event-ID`.")] = None,
) -> int:
    if last_event_id is None:
        return after or 0
    if not re.fullmatch(r"[0-9]{1,18}", last_event_id):
        msg = f'"{last_event_id}" is not the id of an event; those are integers'
        raise Invalid([Problem(("header", "Last-Event-ID"), msg)])
    return int(last_event_id)


class EventStream(StreamingResponse):
    """Server-sent events that are already in their form; those of FastAPI are rendered for each listener anew."""

    media_type = "text/event-stream"


@router.get("/{study}/events", response_class=EventStream, responses=problems(404))
async def watch(
    request: Request,
    study: Annotated[Study, Depends(_watched)],
    last: Annotated[int, Depends(_after)],
) -> EventStream:
    """Events `study`, `trial` and `epoch` in the order of their commits, each with the changed object as JSON.

    `Last-Event-ID` resumes after an event. The stream ends when all is told of a study that is over.
    """
    broadcasts: Broadcasts = request.app.state.broadcasts
    # A proxy must not hold back what is to be seen at once.
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    told = _while_allowed(request, broadcasts.follow(study, last))
    return EventStream(told, headers=headers)


async def _while_allowed(request: Request, told: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """As long as the token is not revoked and the session not logged out; a quiet stream has its comments."""
    async with aclosing(told):
        looked = time.monotonic()
        async for text in told:
            if time.monotonic() - looked > ALLOWED_SECONDS:
                looked = time.monotonic()
                try:
                    await readers(request)
                except (Unauthenticated, Forbidden):
                    return
            yield text
