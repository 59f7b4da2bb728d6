"""``/v1/studies/{study}/trials``: reading them, queueing a candidate, cancelling one."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

from tuner_service import wire
from tuner_service.api import digests
from tuner_service.api.conventions import Listed, Number, Page, Paged, problems
from tuner_service.api.cursors import NUMBERS, PLACES
from tuner_service.api.security import Anyone, Reader, ServiceNow, Submitter
from tuner_service.domain.trial import TrialState
from tuner_service.errors import Invalid, Problem
from tuner_service.service.reading import artifacts, trials
from tuner_service.service.studies import steering
from tuner_service.service.views import artifact_json, trial_json

router = APIRouter(prefix="/v1/studies/{study}/trials", tags=["trials"])


@router.get("", responses={200: {"model": Listed[wire.TrialReply]}, **problems(404)})
def list_trials(
    study: str,
    service: ServiceNow,
    by: Reader,
    page: Paged,
    state: Annotated[list[TrialState], Query()] = [],  # noqa: B006 - FastAPI copies it
    order_by: Annotated[
        str,
        Query(description="A field, such as `number`, `value` or `seconds`; `-value` reverses."),
    ] = "number",
) -> JSONResponse:
    found = trials.page(service, study, state, order_by, page.limit + 1, _after(page, order_by))
    return page.reply(
        PLACES,
        (((order_by, *trials.place(each, order_by)), trial_json(study, each)) for each in found),
    )


def _after(page: Page, order_by: str) -> tuple[str | float | None, int] | None:
    """Where the page before ended. Raises Invalid where that was of another order."""
    if (last := page.after(PLACES)) is None:
        return None
    order, value, number = last
    if order != order_by or isinstance(value, str) != order_by.endswith("state"):
        msg = f'it is the cursor of a list by "{order}", not by "{order_by}"; begin without one'
        raise Invalid([Problem(("query", "cursor"), msg)])
    return value, number


@router.post(
    "",
    status_code=201,
    responses={201: {"model": wire.TrialReply}, **problems(404, 409, 413, 415)},
)
def queue_candidate(
    study: str, candidate: wire.Candidate, service: ServiceNow, by: Submitter
) -> JSONResponse:
    """Queue this very candidate next; parameters that are missing are searched."""
    trial = steering.queue_candidate(service, study, candidate)
    location = f"/v1/studies/{study}/trials/{trial['number']}"
    return JSONResponse(trial, 201, headers={"Location": location})


@router.get("/{number}", responses={200: {"model": wire.TrialReply}, **problems(404)})
def get_trial(study: str, number: Number, service: ServiceNow, by: Reader) -> JSONResponse:
    """With its `history`: what happened to it, when, at which worker and attempt.

    `suggestion` is what its parameters were made from.
    """
    return JSONResponse(trials.get(service, study, number))


@router.post("/{number}/cancel", responses={200: {"model": wire.TrialReply}, **problems(404, 409)})
def cancel_trial(study: str, number: Number, service: ServiceNow, by: Submitter) -> JSONResponse:
    return JSONResponse(steering.cancel_trial(service, study, number))


@router.get(
    "/{number}/epochs", responses={200: {"model": Listed[wire.EpochReply]}, **problems(404)}
)
def list_epochs(
    study: str, number: Number, service: ServiceNow, by: Reader, page: Paged
) -> JSONResponse:
    found = trials.epoch_page(service, study, number, page.limit + 1, page.first)
    return page.reply(NUMBERS, ((epoch["epoch"], epoch) for epoch in found))


@router.get("/{number}/log", response_class=PlainTextResponse, responses=problems(404))
def get_log(study: str, number: Number, service: ServiceNow, by: Reader) -> PlainTextResponse:
    """The last 200 lines that the trial printed."""
    return PlainTextResponse(artifacts.log(service, study, number))


@router.get(
    "/{number}/artifacts", responses={200: {"model": Listed[wire.ArtifactReply]}, **problems(404)}
)
def list_artifacts(
    study: str, number: Number, service: ServiceNow, by: Anyone, page: Paged
) -> JSONResponse:
    return page.by_name(map(artifact_json, artifacts.page(service, study, number)))


@router.get(
    "/{number}/artifacts/{name}",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}},
        **problems(404),
    },
)
def get_artifact(
    study: str, number: Number, name: str, service: ServiceNow, by: Anyone
) -> StreamingResponse:
    """The file, with its sha-256 as `Content-Digest`."""
    artifact, chunks = artifacts.open_artifact(service, study, number, name)
    return StreamingResponse(
        chunks,
        media_type="application/octet-stream",
        headers={
            "Content-Length": str(artifact.size),
            "Content-Digest": digests.rendered(artifact.sha256),
            # What a worker sent must never run in the server's own pages.
            "Content-Disposition": f'attachment; filename="{artifact.name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
