"""The shipped catalogue says what the code does."""

from search_spaces import catalogue, describe
from tuner_service.domain.space import Space


def test_shipped_catalogue_is_what_the_code_gives() -> None:
    assert catalogue.load_catalogue() == describe.generate(), "run python -m search_spaces.describe"


def test_parameters_are_spaces_that_the_service_accepts() -> None:
    for entry in catalogue.load_catalogue()["search_spaces"]:
        space = Space.from_json(entry["parameters"])
        space.validate()
        assert space.to_json() == entry["parameters"]
