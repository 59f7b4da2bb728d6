"""The client for Python, against the same server."""

import math
import threading
from pathlib import Path

import pytest

from tests.e2e.cli.program import Server, create, tuner, work
from tuner_service.client import ApiError, Client, EpochEvent, StudyEvent, TrialEvent
from tuner_service.domain.trial import TrialState, Verdict


def test_the_client_asks_and_tells(server: Server, client: Client) -> None:
    create(server, "told")
    first = client.claim("told", worker="laptop", key="once")
    again = client.claim("told", worker="laptop", key="once")
    assert first is not None
    assert again == first
    assert client.report(first, epoch=0, metrics={"loss": 2.0}) is Verdict.CONTINUE
    assert client.heartbeat(first) is Verdict.CONTINUE
    assert client.release(first).state is TrialState.QUEUED
    with pytest.raises(ApiError, match="stale_attempt"):
        client.report(first, epoch=1, metrics={"loss": 1.0})

    second = client.claim("told", worker="laptop")
    assert second is not None
    assert (second.number, second.attempt) == (0, 2)
    assert client.finish(second, {"loss": 0.5}).values == {"loss": 0.5}
    third = client.claim("told", worker="laptop")
    assert third is not None
    assert client.fail(third, "out of luck").error == "out of luck"
    fourth = client.claim("told", worker="laptop")
    assert fourth is not None
    assert client.cancel_trial("told", fourth.number).state is TrialState.CANCELLED
    assert client.heartbeat(fourth) is Verdict.CANCEL

    assert client.study("told").state == "completed"
    best = client.best("told")
    assert best is not None
    assert best.trial == 0
    assert client.claim("told", worker="laptop") is None
    assert client.log("told", 0) == ""


def test_what_is_not_finite_can_be_told_and_fails_the_trial(server: Server, client: Client) -> None:
    create(server, "diverged")
    for values in (math.nan, [math.inf], {"loss": -math.inf}):
        held = client.claim("diverged", worker="laptop")
        assert held is not None
        assert client.report(held, epoch=0, metrics={"loss": math.nan}) is Verdict.CONTINUE
        assert [told.metrics for told in client.epochs("diverged", held.number)] == [{"loss": None}]
        ended = client.finish(held, values)
        assert (ended.state, ended.error) == (TrialState.FAILED, "objective loss is not finite")


def test_the_client_goes_on_from_the_last_whole_checkpoint(
    server: Server, client: Client, tmp_path: Path
) -> None:
    create(server, "resumed")
    first = client.claim("resumed", worker="laptop")
    assert first is not None
    assert client.fetch_checkpoint(first, tmp_path) == (0, None)
    for epoch in range(3):
        client.report(first, epoch=epoch, metrics={"loss": 3.0 - epoch})
        (tmp_path / "state").write_text(f"state after {epoch + 1} epochs")
        client.upload(first, tmp_path / "state", f"checkpoint-{epoch + 1}", checkpoint=epoch + 1)
    assert client.release(first, error="out of memory").state is TrialState.QUEUED
    [newest] = (
        file
        for file in (server.home / "artifacts").rglob("*")
        if file.is_file() and file.read_bytes() == b"state after 3 epochs"
    )
    newest.write_bytes(b"state after 3 epoch!")

    second = client.claim("resumed", worker="laptop")
    assert second is not None
    epoch, file = client.fetch_checkpoint(second, tmp_path)
    assert epoch == 2
    assert file is not None
    assert file.read_text() == "state after 2 epochs"
    client.report(second, epoch=2, metrics={"loss": 1.0})
    client.finish(second)
    history = client.trial("resumed", second.number).history
    assert history is not None
    assert [line.what for line in history] == [
        *("claimed", "died", "claimed", "resumed", "checkpoint_unusable", "resumed", "completed")
    ]
    assert tuner(server, "study", "cancel", "resumed", "--trial", "0", code=1)


def test_the_client_watches_in_order_until_the_end(server: Server, client: Client) -> None:
    create(server, "watched")
    worker = threading.Thread(target=work, args=(client, "watched"))
    events = client.watch("watched")
    first = next(events)
    worker.start()
    rest = list(events)
    worker.join()

    assert isinstance(first, StudyEvent)
    ids = [event.id for event in (first, *rest)]
    assert ids == sorted(set(ids))
    assert sum(isinstance(event, EpochEvent) for event in rest) == 6
    ended = [e.data.number for e in rest if isinstance(e, TrialEvent) and e.data.finished_at]
    assert ended == [0, 1, 2]
    assert list(client.watch("watched", after=ids[-2]))[-1].id == ids[-1]


def test_one_key_opens_one_study(client: Client) -> None:
    spec = {
        "executor": "external",
        "search_space": {"parameters": [{"name": "x", "type": "float", "min": 0, "max": 1}]},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
    }

    first = client.create_study(spec, idempotency_key="mine")
    assert client.create_study(spec, idempotency_key="mine").name == first.name
    with pytest.raises(ApiError, match="mine"):
        client.create_study({**spec, "priority": 1}, idempotency_key="mine")
