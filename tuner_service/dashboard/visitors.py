"""Who looks at a page. Whoever may not gets a page that says what to do."""

import logging
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tuner_service.api.problems import status_of
from tuner_service.api.promptly import promptly
from tuner_service.api.security import SESSION_COOKIE, ServiceNow
from tuner_service.dashboard.rendering import page
from tuner_service.errors import Forbidden, TunerError, Unauthenticated
from tuner_service.service.upkeep import tokens
from tuner_service.service.upkeep.tokens import Principal, Role

log = logging.getLogger(__name__)


class NotForWorkers(Forbidden):
    code = "not_for_workers"

    def __init__(self, by: Principal) -> None:
        super().__init__("workers claim and report trials; they do not read studies")
        self.by = by


async def session_of(request: Request, service: ServiceNow) -> Principal | None:
    """Whose browser this is; None where nobody is logged in."""
    cookie = request.cookies.get(SESSION_COOKIE)
    by = await promptly(tokens.session_of, service, cookie) if cookie else None
    request.state.by = by
    return by


async def _visitor(by: Annotated[Principal | None, Depends(session_of)]) -> Principal:
    if by is None:
        raise Unauthenticated("you are not logged in")
    if by.role is Role.WORKER:
        raise NotForWorkers(by)
    return by


async def _submitter(by: Annotated[Principal, Depends(_visitor)]) -> Principal:
    if not by.may_submit:
        raise Forbidden(f"a {by.role} may look, but not open studies or upload data")
    return by


Visitor = Annotated[Principal, Depends(_visitor)]
SubmittingVisitor = Annotated[Principal, Depends(_submitter)]


class PageRoute(APIRoute):
    """A route whose errors are pages, where those of the API are ``application/problem+json``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handling(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthenticated:
                return page("signed_out.html", None, 401, expired=False)
            except NotForWorkers as error:
                return page("not_for_workers.html", error.by, 403)
            except TunerError as error:
                return error_page(request, error.message, int(status_of(error)))
            except RequestValidationError as error:
                return error_page(request, error.errors()[0]["msg"], 422)
            except (HTTPException, ClientDisconnect):
                raise
            except Exception:
                log.exception("%s %s failed", request.method, request.url.path)
                return error_page(request, "the server made a mistake; its log says which", 500)

        return handling


def error_page(request: Request, detail: str, status: int) -> Response:
    by: Principal | None = getattr(request.state, "by", None)
    return page("error.html", by, status, detail=detail, status=status)
