"""Files that workers hand in: raw bodies, not JSON."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from tuner_service import wire
from tuner_service.api import digests
from tuner_service.api.conventions import Number, problems
from tuner_service.api.security import ServiceNow, Worker
from tuner_service.api.workers import TRIAL
from tuner_service.service.views import artifact_json
from tuner_service.service.work import artifacts

router = APIRouter(tags=["workers"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "the file's bytes",
            }
        },
    }
}


@router.put(
    TRIAL + "/artifacts/{name}",
    status_code=201,
    responses={201: {"model": wire.ArtifactReply}, **problems(404, 409, 413, 507)},
    openapi_extra=_BODY,
)
async def upload(
    study: str,
    number: Number,
    name: Annotated[str, Path(pattern=wire.NAME)],
    request: Request,
    service: ServiceNow,
    by: Worker,
    attempt: Annotated[
        int | None,
        Query(ge=1, lt=2**31, description="Left out: the one that is current at the start."),
    ] = None,
    checkpoint: Annotated[
        int | None,
        Query(
            ge=1,
            lt=2**31,
            description="The file is a checkpoint of so many epochs, from which the trial can go on.",
        ),
    ] = None,
    content_digest: Annotated[
        str | None,
        Header(description="`sha-256=:BASE64:` (RFC 9530); checked before the file shows."),
    ] = None,
) -> JSONResponse:
    """Hand in a file, as the raw body. It becomes visible only once it is whole and verified."""
    expected = digests.parsed(content_digest) if content_digest is not None else None
    part, current = await run_in_threadpool(
        artifacts.receive, service, study, number, attempt, by.holder
    )
    try:
        async for chunk in request.stream():
            await run_in_threadpool(part.write, chunk)
        stored = await run_in_threadpool(
            artifacts.store,
            service,
            study,
            number,
            current,
            by.holder,
            part,
            artifact=name,
            expected_sha256=expected,
            checkpoint=checkpoint,
        )
    finally:
        await run_in_threadpool(part.discard)
    return JSONResponse(artifact_json(stored), 201)
