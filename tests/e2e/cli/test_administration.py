"""Tokens, the database's schema, the catalogue."""

import json
from pathlib import Path

import pytest

from tests.e2e.cli.program import Server, read, tuner
from tuner_service.client import ApiError, Client


def test_a_token_lives_from_its_creation_to_its_revocation(server: Server) -> None:
    created = tuner(server, "token", "create", "--role", "viewer", "--name", "wall")
    secret = created.stdout.strip()
    with Client(server.url, secret) as viewer:
        assert list(viewer.studies()) is not None
        with pytest.raises(ApiError) as caught:
            viewer.create_study({"search_space": "dense", "dataset": "digits"})
        assert caught.value.status == 403
        listed = {token["name"]: token for token in read(server, "token", "list")}
        assert (listed["wall"]["role"], listed["wall"]["revoked_at"]) == ("viewer", None)
        assert secret not in json.dumps(listed)

        tuner(server, "token", "revoke", "wall")

        with pytest.raises(ApiError) as caught:
            list(viewer.studies())
        assert caught.value.status == 401


def test_an_unknown_role_is_told_with_the_known_ones(server: Server) -> None:
    said = tuner(server, "token", "create", "--role", "king", "--name", "x", code=1).stderr

    assert 'unknown role "king"; allowed: viewer, submitter, worker, admin' in said


def test_the_schema_has_a_revision(server: Server, tmp_path: Path) -> None:
    assert read(server, "db", "current", "--home", str(tmp_path / "new")) == {"revision": None}
    tuner(server, "db", "upgrade", "--home", str(tmp_path / "new"))

    fresh = read(server, "db", "current", "--home", str(tmp_path / "new"))
    assert fresh == read(server, "db", "current")
    assert fresh["revision"]


def test_the_catalogue_is_there_before_any_worker(server: Server, client: Client) -> None:
    spaces = {space["name"]: space for space in read(server, "spaces")}
    assert {"dense", "separable_convnet"} <= set(spaces)
    assert read(server, "spaces", "dense") == client.transport.get("/v1/search-spaces/dense")
    assert {"digits", "breast_cancer"} <= {data["name"] for data in read(server, "datasets")}
    assert read(server, "workers") == []
    assert "learning_rate" in tuner(server, "spaces", "separable_convnet").stdout
    assert "digits" in tuner(server, "datasets", "digits").stdout
    assert {space.name for space in client.search_spaces()} == set(spaces)
    assert client.dataset("digits").name == "digits"
