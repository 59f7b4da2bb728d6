"""Following a study's events."""

from tuner_service.domain.events import Event
from tuner_service.domain.study import OVER, Study
from tuner_service.errors import UnknownStudy
from tuner_service.service.setup import Service
from tuner_service.storage import events, studies

PAGE = 500


def events_after(service: Service, study: Study, last: int) -> tuple[list[Event], bool]:
    """The next events after one, at most PAGE, and whether the study was over when they were read.

    Raises UnknownStudy once the study is deleted.
    """
    with service.database.read() as connection:
        now = studies.get(connection, study.name)
        if now.id != study.id:
            raise UnknownStudy(study.name)  # another one has its name now
        return events.after(connection, study.id, last, PAGE), now.state in OVER
