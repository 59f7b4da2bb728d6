"""Disks that are full, and requests in a crowd: 507 or 503, never 500, and heartbeats the last to suffer."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import text

from tests.contract.asgi import NO_TLS, serve
from tests.contract.stress import epochs_of, heartbeat, make_impatient, refused, serving
from tests.contract.studies import claimed, finish, opened, report
from tests.contract.test_artifacts import put, stored
from tests.disks import Disk, small_disk
from tuner_service.errors import Unavailable
from tuner_service.service.files.room import SPARE_BYTES
from tuner_service.service.setup import Service, open_service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings
from tuner_service.storage.engine import CONNECTIONS, Database

MIB = 1024**2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    make_impatient(monkeypatch)


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lease_seconds=60)


# Full disks


@pytest.fixture
def artifacts_disk(settings: Settings, tmp_path: Path) -> Iterator[tuple[Settings, Disk]]:
    with small_disk(tmp_path / "small", MIB) as disk:
        where = str(disk.folder / "artifacts")
        yield settings.model_copy(update={"artifacts_url": where}), disk


def test_a_full_disk_refuses_files_and_takes_metrics(artifacts_disk: tuple[Settings, Disk]) -> None:
    settings, disk = artifacts_disk
    with serving(settings) as (_, api):
        opened(api)
        trial = claimed(api)
        refused(put(api, trial, "model.keras", b"x" * disk.too_large), 507, "storage_full")
        assert stored(settings) == []
        assert report(api, trial, 0, 0.5).json() == {"verdict": "continue"}
        assert put(api, trial, "model.keras", b"x" * 1000).status_code == 201
        assert finish(api, trial).status_code == 200


def test_a_full_disk_refuses_data_sets(artifacts_disk: tuple[Settings, Disk]) -> None:
    settings, disk = artifacts_disk
    rows = "".join(f"{n},{'x' * 90}{n},{n % 2}\n" for n in range(disk.too_large // 100))
    table = f"number,text,label\n{rows}".encode()
    with serving(settings) as (_, api):
        reply = api.put(
            "/v1/datasets/mine", params={"format": "csv", "target": "label"}, content=table
        )
        refused(reply, 507, "storage_full")
        assert stored(settings) == []
        assert list((settings.home / "incoming").iterdir()) == []
        assert "mine" not in [item["name"] for item in api.get("/v1/datasets").json()["items"]]


def test_files_leave_room_to_a_database_on_the_same_disk(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = SPARE_BYTES + 1000
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with serving(sqlite_settings) as (_, api):
        opened(api)
        trial = claimed(api)
        refused(put(api, trial, "model.keras", b"x" * 2000), 507, "storage_full")
        content = b"number,label\n" + b"1,0\n" * 1000
        wanted = {"format": "csv", "target": "label"}
        reply = api.put("/v1/datasets/mine", params=wanted, content=content)
        refused(reply, 507, "storage_full")
        assert report(api, trial, 0, 0.5).json() == {"verdict": "continue"}
        assert put(api, trial, "small", b"x" * 500).status_code == 201
    assert [file.stat().st_size for file in stored(sqlite_settings)] == [500]


def test_a_full_disk_under_the_database_costs_nothing_acknowledged(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    with small_disk(sqlite_settings.home, 3 * MIB) as disk:
        elsewhere = {"artifacts_url": str(tmp_path / "artifacts")}
        with serving(sqlite_settings.model_copy(update=elsewhere)) as (_, api):
            opened(api)
            trial = claimed(api)
            disk.fill()
            taken = 0
            while (reply := report(api, trial, taken, 0.5, seconds=1.0)).is_success:
                taken += 1
                assert taken < 5000, "the disk was never full"
            assert reply.json()["code"] in ("database_full", "database_unavailable")
            refused(reply, 503, "database_full" if disk.is_mounted else reply.json()["code"])
            assert heartbeat(api, trial).status_code in (200, 503)
            disk.empty()
            assert epochs_of(api, trial) == list(range(taken))
            assert report(api, trial, taken, 0.25).json() == {"verdict": "continue"}
            assert finish(api, trial).json()["best_epoch"] == taken
            assert epochs_of(api, trial) == list(range(taken + 1))


# A crowd


def test_heartbeats_and_epochs_pass_when_everything_else_waits(service: Service) -> None:
    """All connections are taken, and more requests wait for one than there are threads."""
    headers = {"Authorization": f"Bearer {create_token(service, 'a', 'admin')}"}
    many = httpx.Limits(max_connections=None)
    with (
        serve(service) as server,
        httpx.Client(
            base_url=server.url, headers=headers, limits=many, timeout=60, verify=NO_TLS
        ) as api,
        ThreadPoolExecutor(60) as crowd,
        ExitStack() as taken,
    ):
        opened(api)
        trial = claimed(api)
        for _ in range(CONNECTIONS):
            taken.enter_context(service.database.read())
        waiting = [crowd.submit(api.get, "/v1/studies") for _ in range(60)]
        for epoch in range(5):
            assert report(api, trial, epoch, 0.5).json() == {"verdict": "continue"}
            assert heartbeat(api, trial).json() == {"verdict": "continue"}
        assert api.get("/healthz").status_code == 200
        assert not any(each.done() for each in waiting), "nothing was in the way"
        taken.close()
        assert {each.result().status_code for each in waiting} == {200}


@pytest.mark.usefixtures("impatient")
def test_whoever_finds_no_connection_is_told_to_come_back(service: Service) -> None:
    with serve(service) as server, ExitStack() as taken:
        headers = {"Authorization": f"Bearer {create_token(service, 'a', 'admin')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60, verify=NO_TLS) as api:
            for _ in range(CONNECTIONS):
                taken.enter_context(service.database.read())
            refused(api.get("/v1/studies"), 503, "database_busy")
            taken.close()
            assert api.get("/v1/studies").status_code == 200


def test_the_reserved_writers_go_first(sqlite_settings: Settings) -> None:
    order: list[str] = []
    with open_service(sqlite_settings) as service, ThreadPoolExecutor(12) as writers:

        def ordinary() -> None:
            with service.database.write():
                order.append("ordinary")
                time.sleep(0.05)

        def reserved() -> None:
            with service.database.reserved(), service.database.write():
                order.append("reserved")

        with service.database.write():
            waiting = [writers.submit(ordinary) for _ in range(10)]
            done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            assert not done
            waiting.append(writers.submit(reserved))
            time.sleep(0.2)  # until it stands there too; a slow machine may need some turns more
        for each in waiting:
            each.result()
    assert "reserved" in order[:5], order


@pytest.mark.usefixtures("impatient")
def test_a_writer_waits_only_so_long_for_another(sqlite_settings: Settings) -> None:
    with open_service(sqlite_settings) as service:
        with service.database.write(), ThreadPoolExecutor(1) as other:
            code = other.submit(_code_of, service.database).result()
        assert code == "database_busy"
        with service.database.write() as connection:
            connection.execute(text("DELETE FROM tokens"))


def _code_of(database: Database) -> str:
    try:
        with database.write():
            return "it was its turn"
    except Unavailable as error:
        return error.code
