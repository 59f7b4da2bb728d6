"""The data sets: what there is, what is in it, and a way to bring more."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from tuner_service.api.security import ServiceNow
from tuner_service.dashboard import fields
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, Visitor
from tuner_service.service.data import catalogue
from tuner_service.service.reading import usage
from tuner_service.service.setup import Service

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Json = dict[str, Any]
ORIGINS = ("Uploaded", "On the workers", "Built in")
MOST_USERS = 20
UNSAID: Json = {"summary": "", "source": "", "sha256": None, "error": None, "notes": []}
PARTS = ("train", "validation", "test")


@router.get("/datasets")
def index(service: ServiceNow, by: Visitor) -> HTMLResponse:
    used = usage.counts(service, "dataset")
    spaces = [s for s in catalogue.all_of(service, "search_spaces") if s["status"] == "ready"]
    rows = [_row(service, entry, spaces, used) for entry in catalogue.all_of(service, "datasets")]
    groups = [(origin, [row for row in rows if row["origin"] == origin]) for origin in ORIGINS]
    return page(
        "datasets.html",
        by,
        here="/datasets",
        groups=[(origin, found) for origin, found in groups if found],
        kinds=sorted({row["kind"] for row in rows if row["kind"]}),
        most_bytes=service.settings.max_upload_bytes,
    )


@router.get("/datasets/{name}")
def show(name: str, service: ServiceNow, by: Visitor) -> HTMLResponse:
    entry = catalogue.dataset(service, name)
    families = usage.families_for(service, entry) if entry["status"] != "broken" else []
    fitting = [one for one in families if one.misfit is None and one.status == "ready"]
    return page(
        "dataset.html",
        by,
        here="/datasets",
        entry={**UNSAID, **entry},
        origin=_origin(service, entry),
        upload=entry.get("upload"),
        fields=[
            {"side": side, **_field(field)}
            for side in ("input", "output")
            for field in entry.get(f"{side}s") or ()
        ],
        sizes=_sizes(entry),
        look=_look(entry),
        fitting=fitting,
        others=[one for one in families if one.misfit is not None],
        users=usage.users(service, "dataset", name, MOST_USERS),
    )


def _row(
    service: Service,
    entry: catalogue.Entry,
    spaces: list[catalogue.Entry],
    used: Mapping[str, int],
) -> Json:
    fitting = [space["name"] for space in spaces if catalogue.misfit(space, entry) is None]
    return {
        "name": entry["name"],
        "summary": entry.get("summary") or "",
        "status": entry["status"],
        "error": entry.get("error"),
        "origin": _origin(service, entry),
        "kind": fields.family_of(entry),
        "inputs": fields.ends(entry.get("inputs") or ()),
        "outputs": fields.ends(entry.get("outputs") or ()),
        "examples": sum((entry.get("sizes") or {}).values()) or None,
        "families": len(fitting) if entry["status"] != "broken" else None,
        "studies": used.get(entry["name"], 0),
    }


def _origin(service: Service, entry: catalogue.Entry) -> str:
    if catalogue.is_built_in(service, "datasets", entry["name"]):
        return ORIGINS[2]
    return ORIGINS[0] if catalogue.is_upload(entry) else ORIGINS[1]


def _field(field: Mapping[str, Any]) -> Json:
    named = field.get("class_names")
    return {
        "name": field.get("name", ""),
        "kind": field.get("kind", ""),
        "dtype": field.get("dtype", ""),
        "about": fields.words(field),
        "class_names": named if isinstance(named, list) else [],
        "mean": field.get("mean"),
        "deviation": field.get("deviation"),
    }


def _sizes(entry: catalogue.Entry) -> list[tuple[str, int]]:
    sizes = entry.get("sizes") or {}
    return [(part, sizes[part]) for part in PARTS if part in sizes]


def _look(entry: catalogue.Entry) -> Json | None:
    """The samples for the template; what is drawn, the page's script fetches by itself."""
    preview = entry.get("preview")
    if not preview:
        return None
    samples = preview["samples"]
    cells = [cell for sample in samples for cell in sample["inputs"].values()]
    return {
        "samples": samples,
        "inputs": list(samples[0]["inputs"]) if samples else [],
        "outputs": list(samples[0]["outputs"]) if samples else [],
        "is_pictures": bool(cells) and all(cell.get("picture") for cell in cells),
        "histograms": len(preview["histograms"]),
        "classes": list(preview["classes"]),
    }
