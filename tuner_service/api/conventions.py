"""What every route shares: pages of lists, the errors that each may answer with."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tuner_service.errors import Invalid, Problem
from tuner_service.wire import ProblemReply

Item = TypeVar("Item", bound=BaseModel)

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemReply"}}}


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """The router's routes become the application's, as they are.

    Not ``include_router``, which builds each of them anew, for every application, while its first request waits.
    """
    app.router.routes.extend(router.routes)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer with, for the description of the API."""
    described: dict[int | str, dict[str, Any]] = {401: _described("No token, or a bad one")}
    texts = {
        403: "The token's role may not do this",
        404: "There is no such thing",
        409: "Its state does not allow it",
        413: "The body is too large",
        415: "The body is not JSON",
        422: "The request is wrong; `errors` says where",
        503: "Not now; try again after `Retry-After` seconds",
        507: "The server's disk is full; try again after `Retry-After` seconds",
    }
    for status in (403, 422, 503, *statuses):
        described[status] = _described(texts[status])
    return described


def _described(text: str) -> dict[str, Any]:
    return {"description": text, "model": ProblemReply, "content": {**_PROBLEM}}


Number = Annotated[int, Path(ge=0, lt=2**31, description="The trial's number in its study.")]


class Page:
    """Which part of a list: at most ``limit`` items from ``offset`` on."""

    def __init__(self, limit: int, offset: int) -> None:
        self.limit = limit
        self.offset = offset

    def part(self, items: Sequence[Mapping[str, Any]], has_more: bool) -> JSONResponse:
        """A page that may be shorter than it was asked for."""
        cursor = _cursor(self.offset + len(items)) if has_more else None
        return JSONResponse({"items": items, "next_cursor": cursor})

    def reply(self, items: Sequence[Mapping[str, Any]]) -> JSONResponse:
        """A page of ``limit + 1`` items, of which the last only tells that there is a next page."""
        more = len(items) > self.limit
        cursor = _cursor(self.offset + self.limit) if more else None
        return JSONResponse({"items": items[: self.limit], "next_cursor": cursor})


async def page(
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many items.")] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", max_length=100)
    ] = None,
) -> Page:
    return Page(limit, _offset(cursor) if cursor else 0)


Paged = Annotated[Page, Depends(page)]


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if not text.startswith("o"):
            raise ValueError(text)
        offset = int(text[1:])
        if not 0 <= offset < 2**53:
            raise ValueError(text)
    except (ValueError, binascii.Error) as error:
        msg = f'"{cursor}" is not a cursor; pass on the "next_cursor" of the page before'
        raise Invalid([Problem(("query", "cursor"), msg)]) from error
    return offset


class Listed(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next_cursor: str | None
