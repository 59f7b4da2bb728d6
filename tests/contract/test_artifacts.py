"""Files of a trial: whole and verified, or absent."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.studies import Json, claimed, finish, opened, path
from tuner_service.settings import Settings


def digest_of(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def put(
    api: httpx.Client, trial: Json, name: str, content: bytes, digest: str | None = None
) -> httpx.Response:
    return api.put(
        path(trial, f"artifacts/{name}"),
        params={"attempt": trial["attempt"]},
        content=content,
        headers={"Content-Digest": digest or digest_of(content)},
    )


def stored(settings: Settings) -> list[Path]:
    return [file for file in Path(settings.artifacts).rglob("*") if file.is_file()]


def test_an_artifact_comes_back_as_it_was_sent(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    content = bytes(range(256)) * 5000
    created = put(api, trial, "model.keras", content)
    assert created.status_code == 201
    assert created.json()["sha256"] == hashlib.sha256(content).hexdigest()
    listed = api.get(path(trial, "artifacts")).json()["items"]
    assert [(item["name"], item["size"]) for item in listed] == [("model.keras", len(content))]
    got = api.get(path(trial, "artifacts/model.keras"))
    assert got.content == content
    assert got.headers["content-digest"] == digest_of(content)
    missing = api.get(path(trial, "artifacts/other"))
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_artifact")
    assert "model.keras" in missing.json()["detail"]


def test_a_wrong_digest_leaves_nothing(api: httpx.Client, settings: Settings) -> None:
    opened(api)
    trial = claimed(api)
    refused = put(api, trial, "model.keras", b"abc", digest_of(b"abd"))
    assert (refused.status_code, refused.json()["code"]) == (422, "digest_mismatch")
    assert put(api, trial, "model.keras", b"abc", "sha-256=nonsense").status_code == 422
    assert api.get(path(trial, "artifacts")).json()["items"] == []
    assert stored(settings) == []


def test_a_broken_upload_leaves_nothing(api: httpx.Client, settings: Settings) -> None:
    opened(api)
    trial = claimed(api)

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        api.put(path(trial, "artifacts/a"), params={"attempt": 1}, content=breaking())
    assert put(api, trial, "b", b"whole").status_code == 201
    assert [item["name"] for item in api.get(path(trial, "artifacts")).json()["items"]] == ["b"]


def test_a_newer_file_takes_the_place_of_the_older(api: httpx.Client, settings: Settings) -> None:
    opened(api)
    trial = claimed(api)
    put(api, trial, "log.txt", b"one\n")
    put(api, trial, "log.txt", b"one\ntwo\n")
    assert api.get(path(trial, "artifacts/log.txt")).content == b"one\ntwo\n"
    assert len(stored(settings)) == 1


def test_the_log_is_its_last_lines(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    assert api.get(path(trial, "log")).text == ""
    put(api, trial, "log.txt", "".join(f"line {n}\n" for n in range(500)).encode())
    log = api.get(path(trial, "log"))
    assert log.headers["content-type"].startswith("text/plain")
    assert log.text.splitlines() == [f"line {n}" for n in range(300, 500)]


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fescape", "a/b", ".hidden"])
def test_a_name_cannot_leave_the_store(api: httpx.Client, settings: Settings, name: str) -> None:
    opened(api)
    trial = claimed(api)
    assert put(api, trial, name, b"x").status_code in (404, 405, 422)
    assert stored(settings) == []


def test_an_ended_trials_last_attempt_may_still_hand_in_files(api: httpx.Client) -> None:
    opened(api)
    trial = claimed(api)
    finish(api, trial, values={"loss": 1.0})
    assert put(api, trial, "training.csv", b"epoch,loss\n").status_code == 201


def test_deleting_a_study_deletes_its_files(api: httpx.Client, settings: Settings) -> None:
    opened(api)
    trial = claimed(api)
    put(api, trial, "a", b"x")
    finish(api, trial, values={"loss": 1.0})
    assert api.delete("/v1/studies/demo").status_code == 204
    assert stored(settings) == []
