"""Reading studies."""

from functools import partial

from tuner_service.domain.study import Study, StudyState
from tuner_service.search import importance
from tuner_service.service.setup import Service
from tuner_service.service.views import Json, study_json
from tuner_service.storage import studies


def get(service: Service, name: str) -> Json:
    """Raises UnknownStudy."""
    with service.database.read() as connection:
        study = studies.get(connection, name)
        return service.replies.of(study, partial(study_json, connection, study))


def page(
    service: Service, state: StudyState | None, limit: int, after: int | None = None
) -> dict[int, Json]:
    """By their ids, newest first; those after the study with this one."""
    with service.database.read() as connection:
        found = studies.page(connection, state=state, limit=limit, after=after)
        return {
            study.id: service.replies.of(study, partial(study_json, connection, study))
            for study in found
        }


def find(service: Service, name: str) -> Study:
    """Raises UnknownStudy."""
    with service.database.read() as connection:
        return studies.get(connection, name)


def importances(service: Service, name: str) -> Json:
    """The importance of each parameter for the first objective; empty while too little is known."""
    with service.database.read() as connection:
        study = studies.get(connection, name)
        history = service.histories.of(study).update(connection, study)
    return {"metric": study.spec.objective.metric, "importance": importance(history)}
