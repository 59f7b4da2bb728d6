"""Templates become pages."""

from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tuner_service import __version__
from tuner_service.dashboard import formatting
from tuner_service.dashboard.assets import asset, plotly_map_style
from tuner_service.service.upkeep.tokens import Principal
from tuner_service.wire import rfc3339

_templates = Environment(
    loader=PackageLoader("tuner_service.dashboard"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.policies["json.dumps_kwargs"] = {"sort_keys": False}
_templates.globals |= {
    "version": __version__,
    "asset": asset,
    "plotly_map_style": plotly_map_style,
}
_templates.filters |= {
    "breakable": formatting.breakable,
    "bytes": formatting.bytes_,
    "count": formatting.count,
    "duration": formatting.duration,
    "number": formatting.number,
    "percent": formatting.percent,
    "rfc3339": rfc3339,
    "sentence": formatting.sentence,
    "utc": formatting.utc,
    "value": formatting.value,
}


def part(template: str, by: Principal | None, /, **context: Any) -> Markup:
    """A part of a page, to be put into one or sent alone."""
    return Markup(_templates.get_template(template).render(by=by, **context))


def page(template: str, by: Principal | None, status: int = 200, /, **context: Any) -> HTMLResponse:
    """A page for whoever ``by`` is; None where nobody is logged in."""
    text = _templates.get_template(template).render(by=by, **context)
    return HTMLResponse(text, status_code=status)
