"""What a person gets at an address at which there is nothing; a program gets what the API says."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from tuner_service.api.security import service_of
from tuner_service.dashboard.visitors import error_page, session_of
from tuner_service.errors import TunerError

Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """In front of the handler that is there: the API's."""
    of_api = cast(Handler, app.exception_handlers[HTTPException])

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code != HTTPStatus.NOT_FOUND or not _is_for_a_person(request):
            return await of_api(request, error)
        await _recognize(request)
        return error_page(request, f"there is nothing at {request.url.path}", error.status_code)

    app.add_exception_handler(HTTPException, handle)


def _is_for_a_person(request: Request) -> bool:
    wants_page = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and wants_page and not request.url.path.startswith("/v1/")


async def _recognize(request: Request) -> None:
    """So that the page has its frame; it does without while the database cannot say who this is."""
    try:
        await session_of(request, await service_of(request))
    except TunerError:
        request.state.by = None
