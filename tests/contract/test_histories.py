"""A study's history is read where nobody waits for it: never on the loop that answers heartbeats."""

import threading

import httpx
import pytest

from tests.contract.studies import completed, opened
from tuner_service.service.memory.histories import StudyHistory
from tuner_service.service.setup import Service, WouldWait
from tuner_service.storage import studies


def test_the_first_reading_is_left_to_who_may_wait(service: Service, api: httpx.Client) -> None:
    opened(api)
    completed(api, 1.0)
    with service.database.read() as connection:
        study = studies.get(connection, "demo")
        entry = StudyHistory(study)
        with service.database.without_waiting(), pytest.raises(WouldWait):
            entry.update(connection, study)
        assert entry.history.ended == []
        assert len(entry.update(connection, study).ended) == 1
    completed(api, 2.0)
    with service.database.read() as connection, service.database.without_waiting():
        assert len(entry.update(connection, studies.get(connection, "demo")).ended) == 2


def test_a_study_without_an_end_yet_is_read_at_once(service: Service, api: httpx.Client) -> None:
    opened(api)
    with service.database.read() as connection, service.database.without_waiting():
        study = studies.get(connection, "demo")
        assert StudyHistory(study).update(connection, study).ended == []


def test_nobody_who_may_not_wait_stands_behind_another_reader(
    service: Service, api: httpx.Client
) -> None:
    opened(api)
    completed(api, 1.0)
    with service.database.read() as connection:
        study = studies.get(connection, "demo")
        entry = StudyHistory(study)
        entry.update(connection, study)
        with entry._updating, service.database.without_waiting(), pytest.raises(WouldWait):
            entry.update(connection, study)
        late = threading.Timer(0.2, entry._updating.release)
        entry._updating.acquire()
        late.start()
        assert len(entry.update(connection, study).ended) == 1  # who may wait does
        late.join()
