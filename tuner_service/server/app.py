"""The application: every route, the error map, what runs beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, Semaphore
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tuner_service import __version__
from tuner_service.api import (
    catalogue,
    datasets,
    operations,
    problems,
    studies,
    trials,
    uploads,
    workers,
)
from tuner_service.api.broadcasts import Broadcasts
from tuner_service.api.conventions import add_routes
from tuner_service.api.security import Trust
from tuner_service.dashboard import pages
from tuner_service.server import docs, headers
from tuner_service.server.background import looking_after
from tuner_service.server.bodies import Bodies
from tuner_service.server.measuring import Requests
from tuner_service.server.turns import Turns
from tuner_service.service.setup import Service

EXAMINATIONS = 2
"""So many uploads are looked into at a time; more would want all of the machine's memory."""
TAGS = ("studies", "trials", "workers", "catalogue", "operations")
DESCRIPTION = (
    "Hyperparameter optimization for Keras: open a study, let workers train, take the winner."
)


def create_app(service: Service) -> FastAPI:
    """The server as an ASGI application over an open service."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.stopping = asyncio.Event()
        app.state.broadcasts = Broadcasts(service, app.state.stopping)
        app.state.examining = CapacityLimiter(EXAMINATIONS)
        app.state.replaying = Semaphore(1)
        async with looking_after(service, app.state.stopping):
            yield
        await app.state.broadcasts.ended()
        await app.state.drawings.ended()

    app = FastAPI(
        title="tuner_service",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=[{"name": name} for name in TAGS],
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.state.trust = Trust()
    app.add_middleware(Bodies, upload_bytes=service.settings.max_upload_bytes)
    app.add_middleware(headers.SecurityHeaders)
    app.add_middleware(Turns)
    app.state.requests = CollectorRegistry()
    app.add_middleware(Requests, registry=app.state.requests)
    problems.install(app)
    # Routes are looked up in order: the ones that workers call with every epoch come first.
    for module in (workers, studies, trials, uploads, catalogue, datasets, operations):
        add_routes(app, module.router)
    pages.install(app)
    docs.install(app)
    return app
