"""Every page, one file each."""

from fastapi import FastAPI

from tuner_service.api.conventions import add_routes
from tuner_service.dashboard import assets, nowhere
from tuner_service.dashboard.drawings import Drawings
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
from tuner_service.dashboard.parts import Parts

# Routes are looked up in order: what the page of a live study asks for all the time comes first.
PAGES = (charts, studies, new_study, study, trial, compare, fleet, datasets, search_spaces, login)


def install(app: FastAPI) -> None:
    app.state.parts = Parts()
    app.state.drawings = Drawings()
    for module in PAGES:
        add_routes(app, module.router)
    assets.install(app)
    nowhere.install(app)
