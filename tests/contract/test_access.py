"""Tokens, roles, the conventions of errors, health, the description of the API."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.asgi import Server
from tests.contract.studies import claimed, external, finish, opened, path, report
from tuner_service.api.security import TRUSTED_SECONDS
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_login_code, create_token, revoke_token

Clients = Callable[[str], httpx.Client]

READS = ["/v1/studies", "/v1/studies/demo", "/v1/studies/demo/trials", "/v1/workers"]
STEERS: list[tuple[str, str, Any]] = [
    ("POST", "/v1/studies", external("other")),
    ("POST", "/v1/studies/demo/pause", None),
    ("POST", "/v1/studies/demo/resume", None),
    ("POST", "/v1/studies/demo/extend", {"trials": 1}),
    ("POST", "/v1/studies/demo/trials", {"parameters": {}}),
]
WORKS: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/workers/w", {}),
    ("POST", "/v1/claims", {"worker": "w", "key": "k", "study": "demo"}),
]


@pytest.mark.parametrize("path", [*READS, "/v1/search-spaces", "/v1/datasets", "/metrics"])
def test_no_token_or_a_bad_one_is_401(server: Server, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        reply = httpx.get(server.url + path, headers=headers)
        assert reply.status_code == 401
        assert reply.json()["code"] == "unauthenticated"
        assert "nonsense" not in reply.text


def test_each_role_may_do_what_is_its_own(api: httpx.Client, client_of: Clients) -> None:
    opened(api)
    viewer, submitter, worker = (client_of(role) for role in ("viewer", "submitter", "worker"))
    for read in READS:
        assert viewer.get(read).status_code == 200
        assert submitter.get(read).status_code == 200
        assert worker.get(read).status_code == 403
    for client in (viewer, submitter, worker):
        assert client.get("/v1/search-spaces").status_code == 200
        assert client.get("/metrics").status_code == 200
    for method, where, body in STEERS:
        for client in (viewer, worker):
            refused = client.request(method, where, json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert submitter.request(method, where, json=body).is_success
    for method, where, body in WORKS:
        for client in (viewer, submitter):
            assert client.request(method, where, json=body).status_code == 403
        assert worker.request(method, where, json=body).is_success


def test_a_worker_reports_only_on_trials_of_its_own_token(
    api: httpx.Client, client_of: Clients
) -> None:
    opened(api)
    mine, other = client_of("worker"), client_of("worker")
    trial = claimed(mine)
    for reply in (
        report(other, trial, 0, 0.5),
        finish(other, trial, values={"loss": 0.5}),
        other.post(path(trial, "heartbeat"), json={"attempt": 1}),
        other.post(path(trial, "release"), json={"attempt": 1}),
        other.put(path(trial, "artifacts/a"), params={"attempt": 1}, content=b"x"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "not_your_trial")
    assert report(mine, trial, 0, 0.5).status_code == 200


def test_a_revoked_token_is_refused(server: Server, service: Service) -> None:
    token = create_token(service, "gone", "viewer")
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(server.url + "/v1/studies", headers=headers).status_code == 200
    revoke_token(service, "gone")
    time.sleep(TRUSTED_SECONDS)
    assert httpx.get(server.url + "/v1/studies", headers=headers).status_code == 401


def test_conventions_of_errors(api: httpx.Client) -> None:
    opened(api)
    cases = [
        (api.get("/v1/nothing"), 404, "no_such_route"),
        (api.get("/v1/studies/nobody"), 404, "unknown_study"),
        (api.get("/v1/studies/demo/trials/7"), 404, "unknown_trial"),
        (api.get("/v1/search-spaces/x"), 404, "unknown_search_space"),
        (api.get("/v1/datasets/x"), 404, "unknown_dataset"),
        (api.patch("/v1/studies/demo"), 405, "method_not_allowed"),
        (api.post("/v1/studies", content="a=1"), 415, "unsupported_media_type"),
        (
            api.post("/v1/studies", content="{", headers={"Content-Type": "application/json"}),
            422,
            "invalid_request",
        ),
        (api.get("/v1/studies/demo/trials/x"), 422, "invalid_request"),
        (
            api.post(
                "/v1/studies",
                content=b" " * (5 * 1024**2),
                headers={"Content-Type": "application/json"},
            ),
            413,
            "body_too_large",
        ),
    ]
    for reply, status, code in cases:
        assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["status"] == status


def test_a_wrong_method_is_told_the_right_ones(api: httpx.Client) -> None:
    reply = api.patch("/v1/studies/demo")
    assert reply.headers["allow"] == "GET, DELETE"
    assert "allowed: GET, DELETE" in reply.json()["detail"]


def test_health_is_open_and_metrics_count(server: Server, api: httpx.Client) -> None:
    assert httpx.get(server.url + "/healthz").status_code == 200
    assert httpx.get(server.url + "/readyz").json() == {"status": "ready"}
    opened(api)
    claimed(api)
    text = api.get("/metrics").text
    assert 'tuner_studies{state="running"} 1.0' in text
    assert 'tuner_trials{state="running"} 1.0' in text
    assert 'route="/v1/claims"' in text


def test_the_api_describes_itself_offline(server: Server) -> None:
    description = httpx.get(server.url + "/openapi.json").json()
    page = httpx.get(server.url + "/docs").text
    assert "http" not in page.replace("https://www.w3.org", "")
    for asset in (
        "/docs/assets/swagger-ui-bundle.js",
        "/docs/assets/swagger-ui.css",
        "/static/docs.js",
    ):
        assert asset in page
        assert httpx.get(server.url + asset).status_code == 200
    for where, methods in description["paths"].items():
        for method, operation in methods.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                name = schema.get("$ref", "").rpartition("/")[2]
                component = description["components"]["schemas"].get(name, {})
                assert "example" in content or component.get("examples"), f"{method} {where}"


def test_every_call_of_the_contract_is_described(server: Server) -> None:
    paths = httpx.get(server.url + "/openapi.json").json()["paths"]
    described = {(method.upper(), where) for where, methods in paths.items() for method in methods}
    study, trial = "/v1/studies/{study}", "/v1/studies/{study}/trials/{number}"
    expected = {
        ("GET", "/v1/search-spaces"),
        ("GET", "/v1/search-spaces/{name}"),
        ("GET", "/v1/datasets"),
        ("GET", "/v1/datasets/{name}"),
        ("POST", "/v1/studies"),
        ("GET", "/v1/studies"),
        *((m, study) for m in ("GET", "DELETE")),
        *(("POST", f"{study}/{a}") for a in ("pause", "resume", "cancel", "extend", "trials")),
        *(("GET", f"{study}/{a}") for a in ("trials", "importance", "events")),
        *(("GET", trial + a) for a in ("", "/epochs", "/artifacts", "/artifacts/{name}", "/log")),
        *(("POST", f"{trial}/{a}") for a in ("cancel", "epochs", "heartbeat", "finish", "release")),
        ("PUT", trial + "/artifacts/{name}"),
        ("PUT", "/v1/workers/{worker}"),
        ("GET", "/v1/workers"),
        ("POST", "/v1/claims"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }
    assert expected <= described


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Host": ""}, 403),
        ({"Origin": "http://["}, 403),
        ({}, 403),
    ],
)
def test_a_session_writes_only_from_pages_of_its_own(
    server: Server, service: Service, headers: dict[str, str], status: int
) -> None:
    create_token(service, "boss", "admin")
    with httpx.Client(base_url=server.url) as browser:
        browser.get("/login", params={"code": create_login_code(service, "boss")})
        assert browser.post("/v1/studies", json=external(), headers=headers).status_code == status
        assert browser.get("/v1/studies", headers=headers).status_code == 200


def test_a_session_has_the_rights_of_its_role(server: Server, service: Service) -> None:
    create_token(service, "viewer", "viewer")
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}) as browser:
        browser.get("/login", params={"code": create_login_code(service, "viewer")})
        reply = browser.post("/v1/studies", json=external())
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


def test_a_login_link_works_once(server: Server, service: Service) -> None:
    create_token(service, "boss", "admin")
    code = create_login_code(service, "boss")
    with httpx.Client(base_url=server.url) as browser:
        assert browser.get("/").status_code == 401
        reply = browser.get("/login", params={"code": code})
        assert (reply.status_code, reply.headers["location"]) == (303, "/")
        cookie = reply.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        page = browser.get("/")
        assert page.status_code == 200
        assert "No study yet" in page.text
        assert browser.get("/v1/studies").status_code == 200
        assert browser.post("/v1/studies", json=external()).json()["code"] == "cross_site"
        assert httpx.get(server.url + "/login", params={"code": code}).status_code == 401
        browser.post("/logout", headers={"Origin": server.url})
        assert browser.get("/").status_code == 401


def test_pages_escape_what_users_wrote(server: Server, service: Service, api: httpx.Client) -> None:
    opened(api, objectives=[{"metric": "<img src=x onerror=alert(1)>", "direction": "minimize"}])
    trial = claimed(api)
    finish(api, trial, values=[0.5])
    create_token(service, "viewer", "viewer")
    with httpx.Client(base_url=server.url) as browser:
        browser.get("/login", params={"code": create_login_code(service, "viewer")})
        page = browser.get("/")
    assert "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "where", "content"),
    [
        ("POST", "/v1/studies", '{"search_space": "dense", "dataset": "digits", "overrides": {"width": {"min": NaN}}}'),
        ("POST", "/v1/studies", '{"search_space": "dense", "dataset": "digits", "training": {"epochs": 1e400}}'),
        ("POST", "/v1/studies", '{"search_space": "dense", "dataset": "digits", "max_parallel": 1000000000000000000}'),
        ("POST", "/v1/studies/demo/trials", '{"parameters": {"x": Infinity}}'),
        ("POST", "/v1/studies/demo/extend", '{"trials": 99999999999999999999}'),
        ("GET", "/v1/studies/demo/trials/99999999999999999999", None),
        ("POST", "/v1/studies/demo/trials/0/heartbeat", '{"attempt": 99999999999999999999}'),
        ("POST", "/v1/studies/demo/trials/0/epochs", '{"attempt": 1, "epoch": 1e30, "metrics": {"a": 1}}'),
        ("POST", "/v1/studies", '{"search_space": "\\ud800", "dataset": "digits"}'),
        ("POST", "/v1/studies/demo/trials", '{"parameters": {"\\ud800": 1}}'),
        ("POST", "/v1/claims", '{"worker": "w", "key": "a\\u0000b", "study": "demo"}'),
        ("POST", "/v1/claims", '{"worker": "w", "key": "\\ud800", "study": "demo"}'),
        ("PUT", "/v1/workers/w", "[]"),
        ("POST", "/v1/studies", "null"),
        ("POST", "/v1/studies", ""),
        ("GET", "/v1/studies/demo/events?after=99999999999999999999", None),
    ],
)  # fmt: skip
def test_what_neither_json_nor_a_database_can_hold_is_422(
    api: httpx.Client, method: str, where: str, content: str | None
) -> None:
    opened(api)
    claimed(api)
    headers = {"Content-Type": "application/json"}
    reply = api.request(method, where, content=content, headers=headers)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
