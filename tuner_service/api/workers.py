"""What workers call: register, claim, report, finish, release."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from tuner_service import wire
from tuner_service.api.conventions import Listed, Number, Paged, problems
from tuner_service.api.cursors import NAMES
from tuner_service.api.promptly import patiently, promptly, urgently
from tuner_service.api.security import Reader, ServiceNow, Worker
from tuner_service.api.waiting import POLL_SECONDS, first_of
from tuner_service.service.memory.bell import WORK
from tuner_service.service.views import trial_json
from tuner_service.service.work import attempts, claims, preflight, reports, workers

router = APIRouter(tags=["workers"])

TRIAL = "/v1/studies/{study}/trials/{number}"


@router.put("/v1/workers/{worker}", responses={200: {"model": wire.WorkerReply}, **problems()})
def register(
    worker: Annotated[str, Path(pattern=wire.NAME)],
    registration: wire.WorkerRegistration,
    service: ServiceNow,
    by: Worker,
) -> JSONResponse:
    """Register or refresh. What a worker teaches about search spaces and data sets is remembered."""
    return JSONResponse(workers.register(service, worker, registration))


@router.get("/v1/workers", responses={200: {"model": Listed[wire.WorkerReply]}, **problems()})
def list_workers(service: ServiceNow, by: Reader, page: Paged) -> JSONResponse:
    """The fleet: devices, load, slots, what each is training, when it was last seen."""
    found = workers.page(service, page.limit + 1, page.after(NAMES))
    return page.reply(NAMES, ((worker["name"], worker) for worker in found))


@router.post(
    "/v1/claims",
    responses={
        200: {"model": wire.ClaimReply},
        204: {"description": "There is no work now"},
        **problems(404, 413, 415),
    },
)
async def claim(
    claim: wire.ClaimRequest, request: Request, service: ServiceNow, by: Worker
) -> Response:
    """A trial to work on, waiting up to `wait_seconds` for one. The same `key` gets the same trial again."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + claim.wait_seconds
    stopping: asyncio.Event = request.app.state.stopping
    with service.bell.listening(WORK) as rung:
        # A worker that hung up must not be handed a trial that nobody would hear of until its lease runs out.
        while not await request.is_disconnected():
            rung.clear()
            found = await patiently(claims.claim, service, claim, by.holder)
            if found is not None:
                return JSONResponse(found)
            left = deadline - loop.time()
            if left <= 0 or stopping.is_set():
                break
            await first_of(rung, stopping, min(left, POLL_SECONDS))
    return Response(status_code=204)


_VERDICT = {200: {"model": wire.VerdictReply}, **problems(404, 409, 413, 415)}


@router.post(TRIAL + "/epochs", responses=_VERDICT)
async def report_epoch(
    study: str, number: Number, report: wire.EpochReport, service: ServiceNow, by: Worker
) -> JSONResponse:
    """Record an epoch and renew the lease. `prune` and `cancel` have already ended the trial."""
    verdict = await urgently(reports.report_epoch, service, study, number, report, by.holder)
    return JSONResponse({"verdict": verdict})


@router.post(TRIAL + "/heartbeat", responses=_VERDICT)
async def heartbeat(
    study: str, number: Number, beat: wire.Heartbeat, service: ServiceNow, by: Worker
) -> JSONResponse:
    """Renew the lease between epochs."""
    verdict = await urgently(reports.heartbeat, service, study, number, beat.attempt, by.holder)
    return JSONResponse({"verdict": verdict})


@router.post(TRIAL + "/preflight", responses=_VERDICT)
def report_preflight(
    study: str, number: Number, found: wire.PreflightReport, service: ServiceNow, by: Worker
) -> JSONResponse:
    """What the study's default candidate is, built before the trial that asked for it in its `preflight`."""
    verdict = preflight.report(service, study, number, found, by.holder)
    return JSONResponse({"verdict": verdict})


_ENDED = {200: {"model": wire.TrialReply}, **problems(404, 409, 413, 415)}


@router.post(TRIAL + "/finish", responses=_ENDED)
async def finish(
    study: str, number: Number, result: wire.Finish, service: ServiceNow, by: Worker
) -> JSONResponse:
    """End the trial. External executors may add `values`; else the best reported epoch counts."""
    trial = await promptly(reports.finish, service, study, number, result, by.holder)
    return JSONResponse(trial_json(study, trial))


@router.post(TRIAL + "/release", responses=_ENDED)
async def release(
    study: str, number: Number, body: wire.Release, service: ServiceNow, by: Worker
) -> JSONResponse:
    """Give the trial back, to go on after its newest checkpoint elsewhere.

    Unharmed, or with the last words of an attempt that died: after `training.max_attempts` deaths the trial fails.
    """
    trial = await promptly(reports.release, service, study, number, body, by.holder)
    return JSONResponse(trial_json(study, trial))


@router.post(
    TRIAL + "/fall-back",
    responses={200: {"model": wire.FallBackReply}, **problems(404, 409, 413, 415)},
)
def fall_back(
    study: str, number: Number, body: wire.FallBack, service: ServiceNow, by: Worker
) -> JSONResponse:
    """The checkpoint that the trial was handed out with cannot be used: go on from the one before, or the beginning."""
    return JSONResponse(attempts.fall_back(service, study, number, body, by.holder))
