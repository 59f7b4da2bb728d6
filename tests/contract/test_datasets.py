"""Data of the users' own: uploaded whole and looked into, listed, handed to workers, deleted."""

import base64
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

from tests.contract.studies import claimed, finish, path
from tests.contract.test_catalogue import DATASET
from tuner_service.service.setup import Service

Clients = Callable[[str], httpx.Client]


def npz(rows: int = 60, **more: Any) -> bytes:
    random = np.random.RandomState(0)
    arrays = {"x": random.rand(rows, 4).astype("float32"), "y": np.arange(rows) % 3, **more}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def put(
    client: httpx.Client, content: bytes, name: str = "mine", format: str = "npz", **params: Any
) -> httpx.Response:
    query = {"format": format, **params}
    return client.put(f"/v1/datasets/{name}", params=query, content=content)


def uploaded(client: httpx.Client, content: bytes, **more: Any) -> dict[str, Any]:
    reply = put(client, content, **more)
    assert reply.status_code == 201, reply.text
    entry: dict[str, Any] = reply.json()
    return entry


def light(entry: dict[str, Any]) -> dict[str, Any]:
    """As lists and claims tell of it."""
    return {key: value for key, value in entry.items() if key != "preview"}


def test_an_upload_is_listed_with_what_was_found_in_it(api: httpx.Client) -> None:
    content = npz()
    reply = put(api, content)
    assert reply.status_code == 201, reply.text
    assert reply.headers["location"] == "/v1/datasets/mine"
    entry = reply.json()
    assert entry["inputs"] == [{"name": "x", "kind": "vector", "shape": [4], "dtype": "float32"}]
    assert entry["outputs"][0]["kind"] == "class"
    assert entry["outputs"][0]["classes"] == 3
    assert sum(entry["sizes"].values()) == 60
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["status"] == "ready"
    assert api.get("/v1/datasets/mine").json() == entry
    assert light(entry) in api.get("/v1/datasets").json()["items"]


def test_a_table_and_a_hint_what_to_predict(api: httpx.Client) -> None:
    rows = "\n".join(f"{k % 7},{k * 0.5},{'yes' if k % 2 else 'no'}" for k in range(40))
    entry = uploaded(api, f"a,price,sold\n{rows}\n".encode(), format="csv", target="price")
    assert [field["name"] for field in entry["outputs"]] == ["price"]
    assert entry["outputs"][0]["kind"] == "number"
    again = uploaded(api, f"a,price,sold\n{rows}\n".encode(), format="csv")
    assert again["outputs"][0]["class_names"] == ["no", "yes"]


def test_the_same_upload_again_changes_nothing(api: httpx.Client, service: Service) -> None:
    first = uploaded(api, npz())
    assert uploaded(api, npz()) == first
    assert len(kept(service)) == 1


def test_another_upload_takes_its_place(api: httpx.Client, service: Service) -> None:
    uploaded(api, npz())
    second = uploaded(api, npz(rows=90))
    assert sum(second["sizes"].values()) == 90
    assert api.get("/v1/datasets/mine").json() == second
    assert len(kept(service)) == 1


@pytest.mark.parametrize(
    ("content", "format", "said"),
    [
        (b"", "npz", "empty"),
        (b"no zip at all", "npz", ""),
        (npz(rows=1), "npz", ""),
        (b"a,b\n1,2\n3\n", "csv", "3"),
        (b"x", "parquet", ""),
        (b"x", "zip", ""),
    ],
    ids=["empty", "not an npz", "one row", "ragged", "not parquet", "not a zip"],
)
def test_a_file_that_cannot_be_used_is_refused_and_leaves_nothing(
    api: httpx.Client, service: Service, content: bytes, format: str, said: str
) -> None:
    refused = put(api, content, format=format)
    assert refused.status_code == 422, refused.text
    problem = refused.json()
    assert problem["code"] == "bad_dataset"
    assert said in problem["detail"]
    assert "Traceback" not in refused.text
    assert str(service.settings.home) not in refused.text
    assert api.get("/v1/datasets/mine").status_code == 404
    assert kept(service) == []


def test_a_pickle_inside_is_named_and_never_opened(api: httpx.Client) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return exec, ("raise SystemExit('unpickled')",)

    refused = put(api, npz(extra=np.array([Bomb()], dtype=object)))
    assert refused.status_code == 422
    assert "extra" in refused.json()["detail"]
    assert "pickle" in refused.json()["detail"]


def test_wrong_questions_are_answered_with_what_is_allowed(api: httpx.Client) -> None:
    for params, said in (
        ({"format": "xlsx"}, "npz"),
        ({"task": "clustering"}, "classification"),
        ({"kind": "x:picture"}, "vector, image, tokens, sequence, class, number"),
        ({"image_size": "64"}, "64x64"),
    ):
        refused = put(api, npz(), **params)
        assert refused.status_code == 422
        assert said in refused.json()["detail"]
    assert put(api, npz(), name="a b").status_code == 422


def test_a_digest_that_does_not_fit_is_refused(api: httpx.Client, service: Service) -> None:
    digest = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    refused = api.put(
        "/v1/datasets/mine?format=npz",
        content=npz(),
        headers={"Content-Digest": f"sha-256=:{digest}:"},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "digest_mismatch")
    assert kept(service) == []


def test_what_is_built_in_is_neither_replaced_nor_deleted(api: httpx.Client) -> None:
    for reply in (put(api, npz(), name="digits"), api.delete("/v1/datasets/digits")):
        assert (reply.status_code, reply.json()["code"]) == (409, "dataset_built_in")
    assert api.delete("/v1/datasets/nobodys").status_code == 404


def test_an_upload_is_deleted_with_its_file(api: httpx.Client, service: Service) -> None:
    uploaded(api, npz())
    assert api.delete("/v1/datasets/mine").status_code == 204
    assert api.get("/v1/datasets/mine").status_code == 404
    assert kept(service) == []


def test_data_in_use_stays_as_it_is(api: httpx.Client) -> None:
    first = uploaded(api, npz())
    study = {"name": "s", "search_space": "dense", "dataset": "mine"}
    assert api.post("/v1/studies", json=study).status_code == 201
    for reply in (put(api, npz(rows=90)), api.delete("/v1/datasets/mine")):
        assert (reply.status_code, reply.json()["code"]) == (409, "dataset_in_use")
        assert "s" in reply.json()["detail"]
    assert uploaded(api, npz()) == first
    api.post("/v1/studies/s/cancel")
    assert api.delete("/v1/datasets/mine").status_code == 204


def test_any_worker_trains_on_an_upload_and_fetches_it(
    api: httpx.Client, client_of: Clients
) -> None:
    content = npz()
    entry = uploaded(api, content)
    worker = client_of("worker")
    worker.put("/v1/workers/w", json={"search_spaces": ["dense"], "datasets": []})
    api.post("/v1/studies", json={"name": "s", "search_space": "dense", "dataset": "mine"})
    trial = worker.post("/v1/claims", json={"worker": "w", "key": "k"}).json()
    assert trial["data"] == light(entry)
    fetched = worker.get("/v1/datasets/mine/content")
    assert fetched.content == content
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert fetched.headers["content-digest"] == f"sha-256=:{digest}:"
    assert worker.get("/v1/datasets/digits/content").status_code == 404


def test_many_uploads_of_one_name_at_once_leave_one_file(
    api: httpx.Client, service: Service
) -> None:
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda rows: put(api, npz(rows=rows)), [60, 90, 60, 90]))
    assert [reply.status_code for reply in replies] == [201] * 4
    assert len(kept(service)) == 1
    content = api.get("/v1/datasets/mine/content").content
    sha256 = api.get("/v1/datasets/mine").json()["sha256"]
    assert hashlib.sha256(content).hexdigest() == sha256


def test_a_study_whose_data_is_gone_is_not_extended(api: httpx.Client) -> None:
    uploaded(api, npz())
    api.put("/v1/workers/w", json={"search_spaces": ["dense"]})
    study = {"name": "s", "search_space": "dense", "dataset": "mine", "budget": {"trials": 1}}
    api.post("/v1/studies", json=study)
    trial = claimed(api, study="s", worker="w")
    metrics = {"val_accuracy": 0.5, "loss": 1.0}
    api.post(path(trial, "epochs"), json={"attempt": 1, "epoch": 0, "metrics": metrics})
    assert finish(api, trial).status_code == 200
    assert api.delete("/v1/datasets/mine").status_code == 204
    refused = api.post("/v1/studies/s/extend", json={"trials": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "dataset_gone")
    uploaded(api, npz())
    assert api.post("/v1/studies/s/extend", json={"trials": 1}).json()["state"] == "running"


def test_the_name_of_what_no_worker_has_any_more_is_free(
    api: httpx.Client, service: Service
) -> None:
    api.put("/v1/workers/w", json={"datasets": [DATASET | {"name": "mine"}]})
    assert put(api, npz()).json()["code"] == "dataset_built_in"
    assert api.delete("/v1/datasets/mine").json()["code"] == "dataset_built_in"
    api.put("/v1/workers/w", json={})
    assert api.delete("/v1/datasets/mine").status_code == 204
    assert api.get("/v1/datasets/mine").status_code == 404
    uploaded(api, npz())


def test_a_nul_that_no_database_takes_is_refused(api: httpx.Client, service: Service) -> None:
    file = io.BytesIO()
    words = ["a", "b", "x\0y"] * 20
    pl.DataFrame({"size": list(range(60)), "kind": words}).write_parquet(file)
    refused = put(api, file.getvalue(), format="parquet", target="kind")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_dataset")
    assert "NUL" in refused.json()["detail"]
    assert kept(service) == []


def test_a_misspelt_parameter_is_not_passed_over(api: httpx.Client) -> None:
    refused = put(api, npz(), taget="y")
    assert refused.status_code == 422
    assert 'unknown parameter "taget"; known: format, target' in refused.json()["detail"]


def test_who_may_upload(client_of: Clients) -> None:
    for role in ("viewer", "worker"):
        assert put(client_of(role), npz()).status_code == 403
        assert client_of(role).delete("/v1/datasets/mine").status_code == 403
    assert put(client_of("submitter"), npz()).status_code == 201


def test_a_study_whose_family_cannot_take_the_data_is_refused(api: httpx.Client) -> None:
    uploaded(api, npz())
    refused = api.post("/v1/studies", json={"search_space": "separable_convnet", "dataset": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (422, "misfit")
    assert "takes as inputs image" in refused.json()["detail"]
    assert 'dataset "mine" has vector "x" (4)' in refused.json()["detail"]


def kept(service: Service) -> list[str]:
    """The files that are kept of uploads, finished or not."""
    home = service.settings.home
    folders = (home / "artifacts" / "datasets", home / "incoming")
    return [file.name for folder in folders if folder.exists() for file in folder.iterdir()]
