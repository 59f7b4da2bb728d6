"""What is kept in memory of the studies that were looked at stays within its bounds."""

import httpx
import pytest

from tests.contract.studies import claimed, finish, opened, report
from tuner_service.service.memory import results
from tuner_service.service.setup import Service
from tuner_service.storage import studies


def test_curves_count_as_much_as_the_memory_that_they_take(
    api: httpx.Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "VALUES_A_TRIAL", 2)
    for name in ("long", "other"):
        opened(api, name=name)
        trial = claimed(api, name)
        for epoch in range(6):
            report(api, trial, epoch, 0.5)
        finish(api, trial)
        api.get(f"/studies/{name}/charts/curves").raise_for_status()
    with service.database.read() as connection:
        long, other = (studies.get(connection, name) for name in ("long", "other"))
    assert [len(service.results.of(study)) for study in (long, other)] == [4, 4]
    monkeypatch.setattr(results, "MOST_TRIALS", 7)
    assert len(service.results.of(other)) == 4
    assert len(service.results.of(long)) == 0
