"""A form for a new study."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, get_args

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from tuner_service import wire
from tuner_service.api.security import ServiceNow
from tuner_service.dashboard.rendering import page
from tuner_service.dashboard.visitors import PageRoute, SubmittingVisitor
from tuner_service.domain.study import Executor
from tuner_service.service.reading import studies
from tuner_service.service.studies import opening, searches
from tuner_service.service.studies.proposals import fresh_name, proposals

router = APIRouter(include_in_schema=False, route_class=PageRoute)

KINDS = {"image": "Images", "tokens": "Texts", "vector": "Vectors", "sequence": "Sequences"}
SEVERAL = "Several inputs"
# What each choice does, in a few words; one that is not here is shown by its name alone.
WORDS = {
    "auto": "chooses for you",
    "bayesian": "learns from the trials so far",
    "random": "assumes nothing",
    "quasi_random": "covers the space evenly",
    "cmaes": "follows the slope, for numbers alone",
    "genetic": "breeds the best ones",
    "grid": "every candidate once",
    "none": "every trial trains to its end",
    "median": "ends what is worse than half of the others",
    "percentile": "keeps the best so many percent",
    "successive_halving": "keeps the best at 1, 3, 9 … epochs",
    "hyperband": "the same, with several beginnings",
    "patient": "forgives some epochs, then asks another rule",
    "threshold": "ends what leaves a range",
}
WRAPPED = {**WORDS, "none": "ends the trial at once"}
BETTER = (("auto", "as the metric's name says"), ("min", "smaller"), ("max", "larger"))


@router.get("/new")
def new_study(
    service: ServiceNow,
    by: SubmittingVisitor,
    source: str | None = Query(None, alias="from"),
    dataset: str | None = None,
    search_space: str | None = None,
) -> HTMLResponse:
    """Empty, a copy of the study ``source``, or with this data set or family chosen."""
    found = proposals(service)
    given: dict[str, Any] = {"dataset": dataset, "search_space": search_space}
    if source is not None:
        given = _copied(studies.get(service, source)["spec"]) | {
            "name": fresh_name(service, source)
        }
    external = given.get("executor") == Executor.EXTERNAL
    return page(
        "new_study.html",
        by,
        here="/new",
        source=source,
        given=given,
        external=external,
        offer={
            **found,
            "given": given,
            "usual": _usual(),
            "external": opening.usual_objectives(None) if external else None,
        },
        families=found["families"],
        datasets=_by_kind(found["datasets"]),
        unusable=[entry for entry in found["datasets"] if entry["status"] != "ready"],
        ends={entry["name"]: _ends(entry) for entry in found["datasets"]},
        is_there=given["dataset"] is None or _names(found["datasets"], given["dataset"]),
        workers=found["workers"],
        algorithms=_allowed(wire.Search, "algorithm"),
        prunings=_allowed(wire.Pruning, "algorithm"),
        wrapped=_allowed(wire.Pruning, "wraps", WRAPPED),
        modes=BETTER,
        trials=searches.TRIALS,
    )


def _copied(spec: dict[str, Any]) -> dict[str, Any]:
    """What to ask for to get such a study; ``auto`` picks anew."""
    search = {option: value for option, value in spec["search"].items() if option != "picked"}
    return {**spec, "search": search}


def _usual() -> dict[str, Any]:
    """What the server fills in where a request says nothing."""
    request = wire.StudyRequest(search_space="", training=wire.Training())
    return request.model_dump(mode="json", exclude={"search_space", "dataset"})


def _allowed(
    body: type[wire.Body], field: str, words: Mapping[str, str] = WORDS
) -> list[tuple[str, str]]:
    """What the contract allows in a field, and how it is shown."""
    names: tuple[str, ...] = get_args(body.model_fields[field].annotation)
    return [(name, f"{name}: {words[name]}" if name in words else name) for name in names]


def _by_kind(datasets: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The data sets under the kind of what is learned from."""
    found = sorted(datasets, key=_kind)
    return [(kind, list(group)) for kind, group in groupby(found, key=_kind)]


def _kind(dataset: dict[str, Any]) -> str:
    inputs = dataset["inputs"] or []
    if len(inputs) > 1:
        return SEVERAL
    return KINDS.get(inputs[0].get("kind"), "Others") if inputs else "Others"


def _ends(dataset: dict[str, Any]) -> str:
    """What goes in and what comes out: ``image 8×8×1 → class of 10``."""
    inputs, outputs = (dataset[side] or [] for side in ("inputs", "outputs"))
    return f"{' + '.join(map(_end, inputs))} → {' + '.join(map(_end, outputs))}"


def _end(field: dict[str, Any]) -> str:
    shape = "×".join(map(str, field.get("shape") or ()))
    classes = f"of {field['classes']}" if field.get("classes") else ""
    return " ".join(filter(None, (field.get("kind", "?"), shape, classes)))


def _names(entries: list[dict[str, Any]], name: str) -> bool:
    return any(entry["name"] == name for entry in entries)
