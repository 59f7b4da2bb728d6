"""How a study stands, for the head of its page."""

from tuner_service.service import studies
from tuner_service.service.setup import Service
from tuner_service.service.views import Json


def standing(service: Service, name: str) -> Json:
    """The study as the API tells of it, but for what is as long as its model has layers. Raises UnknownStudy."""
    return {key: it for key, it in studies.get(service, name).items() if key != "preflight"}
