"""What there is to search, before and after workers taught the server."""

from typing import Any

import httpx
import pytest

from tests.contract.asgi import Server
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_login_code, create_token

SPACE = {
    "name": "mine",
    "title": "Mine",
    "summary": "A space of the user's own.",
    "inputs": [{"kinds": ["vector"]}],
    "outputs": [{"kinds": ["class"]}],
    "parameters": [{"name": "units", "type": "int", "min": 8, "max": 64, "step": 8, "default": 32}],
    "source": "mine.py",
}
DATASET = {
    "name": "tiny",
    "inputs": [{"name": "x", "kind": "vector", "shape": [4], "dtype": "float32"}],
    "outputs": [{"name": "y", "kind": "class", "shape": [], "dtype": "int64", "classes": 3}],
    "sizes": {"train": 90, "validation": 30, "test": 30},
    "sha256": "0" * 64,
}


def test_built_in_families_are_known_before_any_worker(api: httpx.Client) -> None:
    names = [entry["name"] for entry in api.get("/v1/search-spaces").json()["items"]]
    assert {"dense", "separable_convnet"} <= set(names)
    digits = api.get("/v1/datasets/digits").json()
    assert digits["inputs"][0]["shape"] == [8, 8, 1]
    assert digits["outputs"][0]["classes"] == 10
    assert sum(digits["sizes"].values()) == 1797
    space = api.get("/v1/search-spaces/separable_convnet").json()
    optimizer = next(p for p in space["parameters"] if p["name"] == "optimizer")
    conditional = [p for p in space["parameters"] if p.get("when")]
    assert "sgd" in optimizer["choices"]
    assert any(p["when"][0]["parameter"] == "optimizer" for p in conditional)


def test_what_a_worker_taught_is_remembered(api: httpx.Client) -> None:
    body = {"host": "node", "slots": 2, "search_spaces": [SPACE, "dense"], "datasets": [DATASET]}
    registered = api.put("/v1/workers/w1", json=body)
    assert registered.status_code == 200, registered.text
    assert registered.json()["search_spaces"] == ["dense", "mine"]
    assert api.get("/v1/search-spaces/mine").json()["parameters"][0]["max"] == 64
    study = api.post("/v1/studies", json={"name": "s", "search_space": "mine", "dataset": "tiny"})
    assert study.status_code == 201, study.text
    trial = api.post("/v1/claims", json={"worker": "w1", "key": "k"}).json()
    assert trial["parameters"]["units"] % 8 == 0


def test_a_worker_is_refreshed_not_doubled(api: httpx.Client) -> None:
    api.put("/v1/workers/w1", json={"slots": 1})
    api.put("/v1/workers/w1", json={"slots": 3, "load": {"cpu": 0.5}})
    fleet = api.get("/v1/workers").json()["items"]
    assert [(worker["name"], worker["slots"]) for worker in fleet] == [("w1", 3)]
    assert fleet[0]["load"] == {"cpu": 0.5}


def test_who_registers_between_two_pages_shows_nobody_twice(api: httpx.Client) -> None:
    for name in ("b", "c", "d"):
        api.put(f"/v1/workers/{name}", json={})
    first = api.get("/v1/workers?limit=2").json()
    api.put("/v1/workers/a", json={})
    second = api.get("/v1/workers", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [worker["name"] for worker in second["items"]] == ["d"]
    assert second["next_cursor"] is None


def test_pages_of_families_are_the_parts_of_the_whole_list(api: httpx.Client) -> None:
    whole = [space["name"] for space in api.get("/v1/search-spaces").json()["items"]]
    first = api.get("/v1/search-spaces?limit=3").json()
    query = {"cursor": first["next_cursor"]}
    rest = api.get("/v1/search-spaces", params=query).json()
    assert [space["name"] for space in (*first["items"], *rest["items"])] == whole
    assert rest["next_cursor"] is None


def test_a_space_that_makes_no_sense_is_refused_whole(api: httpx.Client) -> None:
    broken = SPACE | {"parameters": [{"name": "units", "type": "int", "min": 9, "max": 8}]}
    reply = api.put("/v1/workers/w1", json={"search_spaces": [broken]})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["loc"] == ["body", "search_spaces", 0, "parameters", 0, "min"]
    assert api.get("/v1/search-spaces/mine").status_code == 404
    assert api.get("/v1/workers").json()["items"] == []


def test_a_bare_name_must_be_known(api: httpx.Client) -> None:
    reply = api.put("/v1/workers/w1", json={"datasets": ["digts"]})
    assert reply.status_code == 422
    assert 'unknown dataset "digts"; known: breast_cancer, cali' in reply.json()["detail"]


def test_what_is_built_in_is_not_a_workers_to_redefine(api: httpx.Client) -> None:
    before = api.get("/v1/search-spaces/dense").json()
    assert api.put("/v1/workers/w1", json={"search_spaces": [SPACE | {"name": "dense"}]}).is_success
    assert api.get("/v1/search-spaces/dense").json() == before | {"error": None}


@pytest.mark.parametrize(
    ("field", "where"),
    [
        ({"shape": 4}, "shape"),
        ({"shape": ["wide"]}, "shape"),
        ({"mean": "about 3", "deviation": 1.0}, "mean"),
        ({"mean": 10**400}, "mean"),
        ({"kind": ["vector"]}, "kind"),
        ({"class_names": {"0": "a"}}, "class_names"),
        ({"like": ["shape"]}, "like"),
    ],
)
def test_a_field_that_is_not_what_its_name_says_is_refused(
    api: httpx.Client, field: dict[str, Any], where: str
) -> None:
    reply = api.put("/v1/workers/w1", json={"datasets": [DATASET | {"outputs": [field]}]})
    assert reply.status_code == 422
    assert f'"{where}' in reply.json()["detail"]


@pytest.mark.parametrize(
    "fields", [{"inputs": [{}, {}], "outputs": [{}]}, {"outputs": [{"name": "y", "kind": "sound"}]}]
)
def test_data_that_no_built_in_family_knows_is_in_nobodys_way(
    api: httpx.Client, server: Server, service: Service, fields: dict[str, Any]
) -> None:
    reply = api.put("/v1/workers/w1", json={"datasets": [DATASET | fields]})
    assert reply.status_code == 200, reply.text
    create_token(service, "somebody", "submitter")
    with httpx.Client(base_url=server.url) as browser:
        browser.get("/login", params={"code": create_login_code(service, "somebody")})
        for page in (
            "/new",
            "/datasets",
            "/datasets/tiny",
            "/search-spaces",
            "/search-spaces/dense",
        ):
            assert browser.get(page).status_code == 200


def test_the_load_may_be_any_number(api: httpx.Client) -> None:
    reply = api.put("/v1/workers/w1", json={"load": {"cpu_percent": 10**400}})
    assert reply.status_code == 200, reply.text
