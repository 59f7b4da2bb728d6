"""In by a login link, out by a button."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from tuner_service.api.security import SESSION_COOKIE, ServiceNow, refuse_cross_site
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute
from tuner_service.service.upkeep import tokens

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/login")
def log_in(service: ServiceNow, request: Request, code: str = "") -> Response:
    """Use up a login link: a session begins, and the code is good for nothing any more."""
    session = tokens.log_in(service, code) if code else None
    if session is None:
        return page("signed_out.html", None, 401, expired=bool(code))
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(tokens.SESSION_SECONDS),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
def log_out(service: ServiceNow, request: Request) -> Response:
    refuse_cross_site(request)
    if cookie := request.cookies.get(SESSION_COOKIE):
        tokens.log_out(service, cookie)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response
