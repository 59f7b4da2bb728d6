"""Scripts and styles: ours, and plotly.js out of the installed package. Nothing comes from elsewhere."""

import gzip
import hashlib
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from tuner_service.api.conventions import add_routes

FOLDER = Path(__file__).parent / "static"
PLOTLY = "/static/plotly.min.js"
router = APIRouter(include_in_schema=False)


class _Static(StaticFiles):
    """Asked for again each time, and answered 304 as long as it is the same: scripts import one another by name."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _plotly_source() -> bytes:
    return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()


@cache
def _plotly() -> tuple[bytes, str]:
    """The library, compressed, and its digest. Packed once, when the first chart is looked at."""
    content = _plotly_source()
    return gzip.compress(content, 6), hashlib.sha256(content).hexdigest()[:16]


@cache
def plotly_map_style() -> str:
    """The id of the style element that plotly.js makes for its maps unless there is one; "" if it makes none.

    The policy would block it, and the browser complain, on every page that draws no map.
    """
    found = re.search(rb'getElementById\("([0-9a-f]{64})"\)', _plotly_source())
    return found[1].decode() if found else ""


@cache
def asset(name: str) -> str:
    """The address of a file; plotly.js, which is large, has its version in it and is kept by the browser."""
    if name == "plotly.min.js":
        return f"{PLOTLY}?v={version('plotly')}"
    assert (FOLDER / name).is_file(), f"there is no {name}"
    return f"/static/{name}"


@router.get(PLOTLY)
def plotly(request: Request) -> Response:
    packed, digest = _plotly()
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(packed, media_type="text/javascript", headers=headers)
    return Response(gzip.decompress(packed), media_type="text/javascript", headers=headers)


def install(app: FastAPI) -> None:
    add_routes(app, router)
    app.mount("/static", _Static(directory=FOLDER), name="static")
