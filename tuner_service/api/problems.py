"""Errors become ``application/problem+json`` (RFC 9457), in one place."""

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tuner_service import errors, wire

log = logging.getLogger(__name__)

STATUS: dict[type[errors.TunerError], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_SECONDS = {HTTPStatus.SERVICE_UNAVAILABLE: 1, HTTPStatus.INSUFFICIENT_STORAGE: 10}
"""What is busy is free again soon; room on a disk has to be made."""
_CODES = {
    HTTPStatus.NOT_FOUND: "no_such_route",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.BAD_REQUEST: "bad_request",
}
# Where pydantic says which branch of a union it tried, a user sees only noise.
_UNION_TAGS = ("constrained-", "NumberRange", "NumberChoice", "function-", "lax-or-strict")
_PATTERNS = {
    wire.STUDY_NAME: 'allowed are up to 63 lower-case letters, digits and "-", not "-" in the first place',
    wire.NAME: 'allowed are up to 128 letters, digits, ".", "_" and "-", a letter or digit first',
}
_SCALARS = frozenset({"int", "float", "str", "bool", "Inline", "SearchSpaceEntry", "DatasetEntry"})
_HEADERS = frozenset({"query", "path", "header", "cookie", "body"})


def problem(
    status: int,
    code: str,
    detail: str,
    problems: Sequence[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    content: dict[str, Any] = {
        "type": f"urn:tuner:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if problems is not None:
        content["errors"] = list(problems)
    return JSONResponse(
        content, status_code=status, headers=headers, media_type="application/problem+json"
    )


def status_of(error: errors.TunerError) -> HTTPStatus:
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


async def _tuner_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TunerError)
    status = status_of(error)
    problems = None
    if isinstance(error, errors.Invalid):
        problems = [{"loc": _located(item.loc), "msg": item.msg} for item in error.problems]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # What the user need not know, an operator must: a full disk, a missing table.
        log.warning("%s: %s", error.message, error.__cause__)
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in RETRY_SECONDS:
        headers["Retry-After"] = str(RETRY_SECONDS[status])
    return problem(status, error.code, error.message, problems, headers)


def _located(loc: tuple[str | int, ...]) -> list[str | int]:
    """Where in the request; what names no other part of it is in the body."""
    return list(loc) if loc and loc[0] in _HEADERS else ["body", *loc]


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: dict[tuple[str | int, ...], str] = {}
    for item in error.errors():
        loc = tuple(part for part in item["loc"] if not _is_tag(part))
        message = item["msg"].removeprefix("Value error, ")
        got = item.get("input")
        if isinstance(got, str | int | float | bool) and item["type"] != "extra_forbidden":
            message += f" (got {got!r})"
        if item["type"] == "string_pattern_mismatch":
            message = f"{_PATTERNS.get(item['ctx']['pattern'], item['msg'])} (got {got!r})"
        if item["type"] == "extra_forbidden":
            message = f'unknown field "{loc[-1]}"'
        if item["type"] == "json_invalid":
            loc, message = ("body",), f"the body is not JSON: {item['ctx']['error']}"
        found[loc] = f"{found[loc]}; or: {message}" if loc in found else message
    problems = [{"loc": list(loc), "msg": message} for loc, message in found.items()]
    detail = "; ".join(f"{_dotted(item['loc'])}: {item['msg']}" for item in problems)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, problems)


def _is_tag(part: object) -> bool:
    return isinstance(part, str) and (part.startswith(_UNION_TAGS) or part in _SCALARS)


def _dotted(loc: Any) -> str:
    return ".".join(str(part) for part in loc[1:]) or str(loc[0])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = str(error.detail)
    if status is HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}"
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _methods_at(request) or headers.get("Allow", "")
        detail = (
            f"{request.method} is not allowed at {request.url.path}; allowed: {headers['Allow']}"
        )
    return problem(status, _CODES.get(status, "http_error"), detail, headers=headers)


def _methods_at(request: Request) -> str:
    """Every method of a path: its routes, each with a method of its own, know only theirs."""
    app: FastAPI = request.app
    return ", ".join(
        method.upper()
        for path, methods in app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", path), request.url.path)
        for method in methods
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "the server made a mistake; its log says which",
    )


async def _hung_up(request: Request, error: Exception) -> Response:
    """Nobody is left to read it; and it is no mistake that a log should tell of."""
    return Response(status_code=400)


def install(app: FastAPI) -> None:
    app.add_exception_handler(errors.TunerError, _tuner_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _unexpected)
