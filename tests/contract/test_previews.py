"""Looks at data: with the single entry and nowhere else, and refused where they are not plain and small."""

import base64
import struct
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.contract.studies import claimed
from tests.contract.test_catalogue import DATASET
from tests.contract.test_datasets import npz, put, uploaded
from tuner_service import wire

Json = dict[str, Any]
LOOK: Json = {
    "samples": [{"inputs": {"x": {"text": "1, 2"}}, "outputs": {"y": "0"}}],
    "histograms": [{"name": "x 0", "least": 0.0, "most": 1.0, "counts": [1, 2]}],
    "classes": {"y": [{"name": "0", "count": 2}, {"name": None, "count": 1}]},
}


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII5B", 13, b"IHDR", width, height, 8, 0, 0, 0, 0)
    return f"data:image/png;base64,{base64.b64encode(head + bytes(12)).decode()}"


def taught(api: httpx.Client, **changes: Any) -> httpx.Response:
    return api.put("/v1/workers/w1", json={"datasets": [DATASET | changes], "slots": 1})


def test_built_in_data_has_a_preview_and_what_must_be_fetched_has_none(api: httpx.Client) -> None:
    digits = api.get("/v1/datasets/digits").json()["preview"]
    assert digits["samples"][0]["inputs"]["image"]["picture"].startswith("data:image/png;base64,")
    assert api.get("/v1/datasets/mnist").json()["preview"] is None
    wire.DatasetEntry.model_validate(api.get("/v1/datasets/digits").json())


def test_an_upload_is_looked_at(api: httpx.Client) -> None:
    entry = uploaded(api, npz())
    assert len(entry["preview"]["histograms"]) == 4
    assert sum(each["count"] for each in entry["preview"]["classes"]["y"]) == 36
    assert put(api, npz()).json() == entry
    assert api.delete("/v1/datasets/mine").is_success
    assert uploaded(api, npz(90))["preview"] != entry["preview"]


def test_lists_studies_and_claims_go_without(api: httpx.Client) -> None:
    uploaded(api, npz())
    taught(api, preview=LOOK)
    assert not any("preview" in entry for entry in api.get("/v1/datasets").json()["items"])
    study = {"name": "s", "search_space": "dense", "dataset": "mine"}
    assert api.post("/v1/studies", json=study).status_code == 201
    api.put("/v1/workers/w2", json={"search_spaces": ["dense"], "slots": 1})
    assert "preview" not in claimed(api, "s", "w2")["data"]


def test_a_worker_sends_a_preview_once(api: httpx.Client) -> None:
    assert taught(api, preview=LOOK).is_success
    kept = api.get("/v1/datasets/tiny").json()["preview"]
    assert kept["classes"] == LOOK["classes"]
    assert taught(api).is_success
    assert api.get("/v1/datasets/tiny").json()["preview"] == kept
    assert taught(api, preview=LOOK | {"samples": []}).is_success
    assert api.get("/v1/datasets/tiny").json()["preview"]["samples"] == []
    assert taught(api, sha256="1" * 64).is_success
    assert api.get("/v1/datasets/tiny").json()["preview"] is None


def test_what_is_built_in_keeps_its_own_preview(api: httpx.Client) -> None:
    before = api.get("/v1/datasets/iris").json()["preview"]
    assert taught(api, name="iris", preview=LOOK).is_success
    assert api.get("/v1/datasets/iris").json()["preview"] == before


def picture(uri: str) -> Json:
    return {"samples": [{"inputs": {"x": {"picture": uri}}, "outputs": {}}]}


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (picture("https://example.com/x.png"), "pattern"),
        (picture("data:image/svg+xml;base64," + "A" * 40), "pattern"),
        (picture("data:image/png;base64," + "A" * 40), "is no PNG"),
        (picture(png(60_000, 60_000)), "60000 x 60000 pixels"),
        ({"histograms": [{"name": "x", "least": 0, "most": 1, "counts": [-1]}]}, "greater than"),
        ({"histograms": [{"name": "\x00", "least": 0, "most": 1, "counts": [1]}]}, "pattern"),
        ({"samples": [{"inputs": {}, "outputs": {"y": "x" * 201}}]}, "at most 200"),
        (
            {"samples": [{"inputs": {"x": {"text": "é" * 900}}, "outputs": {}}] * 30},
            "at most 32,768",
        ),
        ({"html": "<b>"}, "Extra inputs"),
    ],
)
def test_what_is_not_plain_and_small_is_refused(look: Json, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        wire.Preview.model_validate(look)


def test_a_small_picture_is_taken() -> None:
    assert wire.Preview.model_validate(picture(png(48, 48)))
