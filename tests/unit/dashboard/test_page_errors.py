"""What goes wrong on a page is said in a page, and nothing of it is shown that only the log shall tell."""

import asyncio
import logging

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from tuner_service.dashboard.visitors import PageRoute


async def got(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


def test_a_mistake_of_ours_is_logged_and_said_in_a_page(caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter(route_class=PageRoute)

    @router.get("/broken")
    def broken() -> None:
        raise KeyError("secret")

    app = FastAPI()
    app.include_router(router)
    with caplog.at_level(logging.ERROR):
        reply = asyncio.run(got(app, "/broken"))
    assert reply.status_code == 500
    assert "The server made a mistake; its log says which." in reply.text
    assert "secret" not in reply.text
    assert "GET /broken failed" in caplog.text
