"""What every route shares: pages of lists, the errors that each may answer with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tuner_service.api.cursors import LONGEST, NAMES, NUMBERS, Cursors, Key
from tuner_service.wire import ProblemReply

Item = TypeVar("Item", bound=BaseModel)
Entry = Mapping[str, Any]

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
    """Which part of a list: at most ``limit`` items, those after the one that the cursor tells of."""

    def __init__(self, limit: int, cursor: str | None) -> None:
        self.limit = limit
        self._cursor = cursor

    def after(self, kind: Cursors[Key]) -> Key | None:
        """What the last item of the page before is sorted by; None for the first page. Raises Invalid."""
        return None if self._cursor is None else kind.key(self._cursor)

    @property
    def first(self) -> int:
        """The number that this page begins with, where items are numbered without gaps."""
        last = self.after(NUMBERS)
        return 0 if last is None else last + 1

    def reply(self, kind: Cursors[Key], items: Iterable[tuple[Key, Entry]]) -> JSONResponse:
        """A page of ``limit + 1`` items, each with what it is sorted by.

        The last only tells that there is a next page.
        """
        found = list(items)
        shown = found[: self.limit]
        return self.part(kind, shown, has_more=len(found) > self.limit)

    def part(
        self, kind: Cursors[Key], items: Sequence[tuple[Key, Entry]], *, has_more: bool
    ) -> JSONResponse:
        """A page that may be shorter than it was asked for."""
        cursor = kind.cursor(items[-1][0]) if has_more else None
        return JSONResponse({"items": [item for _, item in items], "next_cursor": cursor})

    def by_name(self, entries: Iterable[Entry]) -> JSONResponse:
        """A page of all these, sorted by their names."""
        after = self.after(NAMES)
        named = {entry["name"]: entry for entry in entries}
        left = sorted(name for name in named if after is None or name > after)
        return self.reply(NAMES, ((name, named[name]) for name in left[: self.limit + 1]))


async def page(
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many items.")] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before.", max_length=LONGEST)
    ] = None,
) -> Page:
    return Page(limit, cursor or None)


Paged = Annotated[Page, Depends(page)]


class Listed(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next_cursor: str | None
