"""For those who operate the service: health, readiness and metrics."""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tuner_service import __version__
from tuner_service.api.conventions import problems
from tuner_service.api.security import Anyone, ServiceNow
from tuner_service.domain.study import StudyState
from tuner_service.domain.trial import TrialState
from tuner_service.service.setup import Service
from tuner_service.service.upkeep import health

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> JSONResponse:
    return JSONResponse({"status": "ok", "version": __version__})


@router.get("/readyz", responses={503: problems()[503]}, summary="Can it serve?")
def readyz(service: ServiceNow) -> JSONResponse:
    """The database answers and its schema is current."""
    health.check(service)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses=problems())
def metrics(service: ServiceNow, by: Anyone, request: Request) -> Response:
    """Prometheus: studies and trials by state, requests by route and status with their durations."""
    registry = CollectorRegistry()
    registry.register(_States(service))
    text = generate_latest(registry) + generate_latest(request.app.state.requests)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _States(Collector):
    """Read from the database at each scrape, so that every replica says the same."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        studies, trials = health.counts(self._service)
        by_study = GaugeMetricFamily("tuner_studies", "Studies by state.", labels=["state"])
        for state in StudyState:
            by_study.add_metric([state], studies.get(state, 0))
        yield by_study
        by_trial = GaugeMetricFamily("tuner_trials", "Trials by state.", labels=["state"])
        for each in TrialState:
            by_trial.add_metric([each], trials.get(each, 0))
        yield by_trial
