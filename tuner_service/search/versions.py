"""Which libraries a suggestion is made by: another version of one may draw another candidate."""

from functools import cache
from importlib.metadata import version

from tuner_service import __version__
from tuner_service.domain.study import Search

_ALWAYS = ("numpy", "optuna", "scipy")


def versions(search: Search) -> dict[str, str]:
    """By the name of the distribution package."""
    more = []
    if search.algorithm == "cmaes":
        more.append("cmaes")
    if search.options.get("engine") == "gp":
        more.append("torch")
    return {"tuner-service": __version__} | {name: _version(name) for name in (*_ALWAYS, *more)}


@cache
def _version(name: str) -> str:
    return version(name)  # reads a file each time
