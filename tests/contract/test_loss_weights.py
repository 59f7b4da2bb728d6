"""The weights of a family's losses are searched only where they cannot decide who is best."""

import httpx
import pytest

from tests.contract.studies import Json

PROFILE: Json = {"name": "profile", "search_space": "post_profile", "dataset": "made_posts"}
WEIGHTS = {
    "loss_weight_number": 0.25,
    "loss_weight_classes": 1.0,
    "loss_weight_binary": 10.0,
}


def weights(api: httpx.Client, **given: Json | list[Json]) -> dict[str, Json]:
    """The loss weights in the space of a new study."""
    study = api.post("/v1/studies", json=PROFILE | given).raise_for_status().json()
    return {p["name"]: p for p in study["space"]["parameters"] if p["name"] in WEIGHTS}


def test_beside_their_sum_they_stay_as_they_are(api: httpx.Client) -> None:
    assert {name: weight["value"] for name, weight in weights(api).items()} == WEIGHTS


def test_a_weight_may_have_a_value_of_its_own(api: httpx.Client) -> None:
    found = weights(api, overrides={"loss_weight_binary": {"value": 4}})
    assert {name: weight["value"] for name, weight in found.items()} == WEIGHTS | {
        "loss_weight_binary": 4
    }


def test_beside_another_objective_they_are_searched(api: httpx.Client) -> None:
    objectives = [{"metric": "val_gender_accuracy", "direction": "maximize"}]
    found = weights(api, objectives=objectives)
    assert {weight["type"] for weight in found.values()} == {"float"}
    assert {name: weight["default"] for name, weight in found.items()} == WEIGHTS


@pytest.mark.parametrize("override", [{"min": 1, "max": 20}, {"choices": [1, 10]}])
def test_a_weight_that_is_searched_beside_their_sum_is_refused(
    api: httpx.Client, override: Json
) -> None:
    refused = api.post(
        "/v1/studies", json=PROFILE | {"overrides": {"loss_weight_binary": override}}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_overrides")
    (problem,) = refused.json()["errors"]
    assert problem["loc"][-2:] == ["overrides", "loss_weight_binary"]
    assert '"val_loss"' in problem["msg"]
    assert api.get("/v1/studies/profile").status_code == 404
