"""The page of studies, behind the login link."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles

from tuner_service import __version__
from tuner_service.api.security import SESSION_COOKIE, ServiceNow
from tuner_service.service import studies, tokens
from tuner_service.service.tokens import Principal, Role

router = APIRouter(include_in_schema=False)

SHOWN_STATES = ("running", "queued", "pruned", "failed", "cancelled")
MOST = 200
"""So many studies stand on the page."""

_templates = Environment(
    loader=PackageLoader("tuner_service.dashboard"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def install(app: FastAPI) -> None:
    folder = Path(__file__).parent / "static"
    app.mount("/static", StaticFiles(directory=folder), name="static")


def _page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
    text = _templates.get_template(name).render(version=__version__, **context)
    return HTMLResponse(text, status_code=status)


async def _session(request: Request, service: ServiceNow) -> Principal | None:
    cookie = request.cookies.get(SESSION_COOKIE)
    return await run_in_threadpool(tokens.session_of, service, cookie) if cookie else None


@router.get("/")
def index(service: ServiceNow, by: Annotated[Principal | None, Depends(_session)]) -> HTMLResponse:
    if by is None:
        return _page("signed_out.html", 401, expired=False)
    if by.role is Role.WORKER:
        return _page("forbidden.html", 403, by=by)
    found = studies.page(service, None, MOST + 1, 0)
    return _page(
        "studies.html", by=by, rows=[_row(s) for s in found[:MOST]], more=len(found) > MOST
    )


def _row(study: dict[str, Any]) -> dict[str, Any]:
    progress = study["progress"]
    over = sum(progress[state] for state in ("completed", "pruned", "failed", "cancelled"))
    best = study["best"]
    return {
        "name": study["name"],
        "state": study["state"],
        "reason": study["reason"],
        "space": study["spec"]["search_space"]
        if isinstance(study["spec"]["search_space"], str)
        else "external",
        "dataset": study["spec"]["dataset"],
        "over": over,
        "progress": progress,
        "counts": " · ".join(
            f"{progress[state]} {state}" for state in SHOWN_STATES if progress[state]
        ),
        "best": None if best is None else best["trial"],
        "values": {} if best is None else {m: f"{v:.4g}" for m, v in best["values"].items()},
        "created_at": study["created_at"][:16].replace("T", " "),
    }


@router.get("/login")
def log_in(service: ServiceNow, request: Request, code: str = "") -> Response:
    """Use up a login link: a session begins, and the code is good for nothing any more."""
    session = tokens.log_in(service, code) if code else None
    if session is None:
        return _page("signed_out.html", 401, expired=bool(code))
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
    if cookie := request.cookies.get(SESSION_COOKIE):
        tokens.log_out(service, cookie)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response
