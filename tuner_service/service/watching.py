"""Following a study's events."""

from tuner_service.domain.events import Event
from tuner_service.domain.study import Study
from tuner_service.errors import UnknownStudy
from tuner_service.service.setup import Service
from tuner_service.storage import events, studies

PAGE = 500


def events_after(service: Service, study: Study, last: int) -> list[Event]:
    """The next events after one, at most PAGE.

    Raises UnknownStudy once the study is deleted.
    """
    with service.database.read() as connection:
        if studies.get(connection, study.name).id != study.id:
            raise UnknownStudy(study.name)  # another one has its name now
        return events.after(connection, study.id, last, PAGE)
