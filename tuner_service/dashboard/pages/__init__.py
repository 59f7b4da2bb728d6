"""Every page, one file each."""

from fastapi import FastAPI

from tuner_service.dashboard import assets
from tuner_service.dashboard.pages import (
    charts,
    compare,
    datasets,
    fleet,
    login,
    new_study,
    search_spaces,
    studies,
    study,
    trial,
)

PAGES = (studies, new_study, study, trial, compare, fleet, datasets, search_spaces, login, charts)


def install(app: FastAPI) -> None:
    for module in PAGES:
        app.include_router(module.router)
    assets.install(app)
