"""``/v1/search-spaces`` and ``/v1/datasets``: what there is to search and to train on."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from tuner_service import wire
from tuner_service.api.conventions import Listed, Paged, problems
from tuner_service.api.security import Anyone, ServiceNow
from tuner_service.service.data import catalogue

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get(
    "/search-spaces", responses={200: {"model": Listed[wire.SearchSpaceEntry]}, **problems()}
)
def list_search_spaces(service: ServiceNow, by: Anyone, page: Paged) -> JSONResponse:
    return page.by_name(catalogue.all_of(service, "search_spaces"))


@router.get(
    "/search-spaces/{name}", responses={200: {"model": wire.SearchSpaceEntry}, **problems(404)}
)
def get_search_space(name: str, service: ServiceNow, by: Anyone) -> JSONResponse:
    return JSONResponse(catalogue.search_space(service, name))


@router.get("/datasets", responses={200: {"model": Listed[wire.DatasetEntry]}, **problems()})
def list_datasets(service: ServiceNow, by: Anyone, page: Paged) -> JSONResponse:
    return page.by_name(catalogue.all_of(service, "datasets"))


@router.get("/datasets/{name}", responses={200: {"model": wire.DatasetEntry}, **problems(404)})
def get_dataset(name: str, service: ServiceNow, by: Anyone) -> JSONResponse:
    return JSONResponse(catalogue.dataset(service, name))
