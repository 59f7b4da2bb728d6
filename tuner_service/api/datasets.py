"""``/v1/datasets/{name}``: data of the users' own, as raw bodies."""

import re
from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from tuner_service import wire
from tuner_service.api import digests
from tuner_service.api.conventions import problems
from tuner_service.api.security import Anyone, ServiceNow, Submitter
from tuner_service.errors import Invalid, Problem
from tuner_service.service.data import datasets

router = APIRouter(prefix="/v1/datasets", tags=["catalogue"])

Format = Literal["npz", "csv", "parquet", "zip"]
PARAMETERS = ("format", "target", "task", "kind", "image_size")
KINDS = ("vector", "image", "tokens", "sequence", "class", "number")

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
_KIND = Query(
    description=f"`NAME:KIND` for a column or array whose kind is not to be inferred: {', '.join(KINDS)}.",
    examples=["age:number"],
)


@router.put(
    "/{name}",
    status_code=201,
    responses={201: {"model": wire.DatasetEntry}, **problems(409, 413, 507)},
    openapi_extra=_BODY,
    summary="Upload a data set",
)
async def upload(
    name: Annotated[str, Path(pattern=wire.NAME)],
    request: Request,
    service: ServiceNow,
    by: Submitter,
    format: Annotated[Format, Query(description="What kind of file the body is.")],
    target: Annotated[
        list[str] | None, Query(description="The column or array to predict; may be repeated.")
    ] = None,
    task: Annotated[
        Literal["classification", "regression"] | None,
        Query(description="Whether the target is a class or a number, where that is not plain."),
    ] = None,
    kind: Annotated[list[str] | None, _KIND] = None,
    image_size: Annotated[
        str | None,
        Query(description="`HEIGHTxWIDTH` that pictures are brought to.", examples=["64x64"]),
    ] = None,
    content_digest: Annotated[
        str | None, Header(description="`sha-256=:BASE64:` (RFC 9530); checked first.")
    ] = None,
) -> JSONResponse:
    """The file as the raw body. It is looked into, and refused with what is wrong in it, before it is kept."""
    if unknown := sorted(set(request.query_params) - set(PARAMETERS)):
        msg = f'unknown parameter "{unknown[0]}"; known: {", ".join(PARAMETERS)}'
        raise Invalid([Problem(("query", unknown[0]), msg)])
    expected = digests.parsed(content_digest) if content_digest is not None else None
    told = {
        "target": target or [],
        "task": task,
        "kinds": dict(_kind(each) for each in kind or []),
        "image_size": _size(image_size) if image_size is not None else None,
    }
    file = await run_in_threadpool(datasets.receive, service, name)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(file.write, chunk)
        # Not among the threads that serve everything else: looking into a file may take minutes.
        entry = await to_thread.run_sync(
            partial(datasets.store, service, name, file, format, told, expected),
            limiter=request.app.state.examining,
        )
    finally:
        await run_in_threadpool(file.discard)
    return JSONResponse(entry, 201, headers={"Location": f"/v1/datasets/{name}"})


@router.delete("/{name}", status_code=204, responses=problems(404, 409))
def delete(name: str, service: ServiceNow, by: Submitter) -> Response:
    """Not while a study that is not over uses it."""
    datasets.delete(service, name)
    return Response(status_code=204)


@router.get(
    "/{name}/content",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}},
        **problems(404),
    },
)
def get_content(name: str, service: ServiceNow, by: Anyone) -> StreamingResponse:
    """The uploaded file, with its sha-256 as `Content-Digest`. What comes with the service has none."""
    found, chunks = datasets.content(service, name)
    return StreamingResponse(
        chunks,
        media_type="application/octet-stream",
        headers={
            "Content-Length": str(found.size),
            "Content-Digest": digests.rendered(found.sha256),
            # What a user sent must never run in the server's own pages.
            "Content-Disposition": f'attachment; filename="{name}.{found.body["upload"]["format"]}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _kind(text: str) -> tuple[str, str]:
    name, _, kind = text.rpartition(":")
    if not name or kind not in KINDS:
        msg = f'"{text}" is not NAME:KIND; kinds are: {", ".join(KINDS)}'
        raise Invalid([Problem(("query", "kind"), msg)])
    return name, kind


def _size(text: str) -> list[int]:
    found = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text)
    size: list[Any] = [int(found[1]), int(found[2])] if found else []
    if not size or not all(1 <= side <= 4096 for side in size):
        msg = f'"{text}" is not HEIGHTxWIDTH, such as 64x64; a side has 1 to 4096 pixels'
        raise Invalid([Problem(("query", "image_size"), msg)])
    return size
