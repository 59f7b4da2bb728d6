"""Who makes a request, and whether they may."""

import time
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from tuner_service.api.promptly import promptly, urgently
from tuner_service.errors import CrossSite, Forbidden, Unauthenticated
from tuner_service.service.setup import Service
from tuner_service.service.upkeep import tokens
from tuner_service.service.upkeep.tokens import Principal, Role

SESSION_COOKIE = "tuner_session"
TRUSTED_SECONDS = 0.5
"""How long a token that was found valid is not looked up again; a revoked one is refused at the latest then."""
_MOST_TRUSTED = 10_000


class Trust:
    """The tokens that were found valid a moment ago, by digest."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Principal]] = {}

    def get(self, digest: str) -> Principal | None:
        found = self._known.get(digest)
        if found is None or time.monotonic() - found[0] > TRUSTED_SECONDS:
            return None
        return found[1]

    def put(self, digest: str, principal: Principal) -> None:
        if len(self._known) >= _MOST_TRUSTED:
            self._known.clear()
        self._known[digest] = (time.monotonic(), principal)


def refuse_cross_site(request: Request) -> None:
    """Raises CrossSite for a write that a page of another site made the browser send; a cookie comes along with it.

    Browsers say where a write comes from, in ``Sec-Fetch-Site`` where the connection is trusted (https, localhost),
    and else in ``Origin``. What says neither comes from no browser that we let change anything.
    """
    if request.method in ("GET", "HEAD"):
        return
    site = request.headers.get("sec-fetch-site")
    if site is None:
        _, _, origin = request.headers.get("origin", "").partition("://")
        own = request.headers.get("host", "")
        site = "same-origin" if own and origin == own else "cross-site"
    if site != "same-origin":
        raise CrossSite


async def service_of(request: Request) -> Service:  # async: FastAPI would run it in a thread
    service: Service = request.app.state.service
    return service


class Allowed(HTTPBearer):
    """A dependency that lets only these roles, and administrators, pass. Raises Unauthenticated, Forbidden.

    One object instead of a chain of dependencies: FastAPI resolves it with every epoch of every trial.
    """

    def __init__(self, *roles: Role) -> None:
        super().__init__(scheme_name="token", description="A token made by `tuner token create`.")
        self._roles = roles
        # Workers' calls only: a flood of others must not be in the way of a heartbeat here either.
        self._run = urgently if roles == (Role.WORKER,) else promptly

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # whose header it was
        principal = await self._principal_of(request)
        if principal.role is not Role.ADMIN and principal.role not in self._roles:
            allowed = ", ".join([*self._roles, Role.ADMIN])
            raise Forbidden(f"a {principal.role} may not do this; allowed: {allowed}")
        return principal

    async def _principal_of(self, request: Request) -> Principal:
        """The token's owner, or the browser session's. Raises Unauthenticated, CrossSite."""
        service: Service = request.app.state.service
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            trust: Trust = request.app.state.trust
            digest = tokens.digest(secret.strip())
            principal = trust.get(digest)
            if principal is None:
                principal = await self._run(tokens.who, service, secret.strip())
                if principal is None:
                    raise Unauthenticated("this token is unknown or was revoked")
                trust.put(digest, principal)
            return principal
        session = request.cookies.get(SESSION_COOKIE)
        if session is not None:
            principal = await self._run(tokens.session_of, service, session)
            if principal is not None:
                refuse_cross_site(request)
                return principal
        raise Unauthenticated('send a token: "Authorization: Bearer <token>"')


ServiceNow = Annotated[Service, Depends(service_of)]
Anyone = Annotated[Principal, Depends(Allowed(*Role))]
readers = Allowed(Role.VIEWER, Role.SUBMITTER)
Reader = Annotated[Principal, Depends(readers)]
Submitter = Annotated[Principal, Depends(Allowed(Role.SUBMITTER))]
Worker = Annotated[Principal, Depends(Allowed(Role.WORKER))]
