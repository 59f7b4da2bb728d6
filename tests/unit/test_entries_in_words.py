"""What the pages of data sets and search spaces say of inputs, outputs and parameters."""

import pytest

from search_spaces.catalogue import load_catalogue
from tuner_service.dashboard import fields
from tuner_service.dashboard.parameters import parameter_rows


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"kind": "image", "shape": [8, 8, 1]}, "picture, 8×8×1"),
        ({"kind": "vector", "shape": [1]}, "1 number"),
        ({"kind": "tokens", "shape": [50], "vocabulary": 2000}, "text, 50 tokens of 2,000 words"),
        ({"kind": "class", "shape": [], "classes": 3}, "3 classes"),
        ({"kind": "number", "shape": []}, "a number"),
        ({"kind": "class", "classes": "<b>"}, "a class"),
        ({"kind": 7, "shape": "wide"}, "?"),
        ({}, "?"),
    ],
)
def test_a_field_in_words_whatever_a_worker_said(field: fields.Field, said: str) -> None:
    assert fields.words(field) == said


def test_what_families_take_is_said_in_words() -> None:
    spaces = {entry["name"]: entry for entry in load_catalogue()["search_spaces"]}
    assert fields.accepted(spaces["dense"]["inputs"]) == "vector or picture"
    assert fields.accepted(spaces["dual_camera"]["inputs"]) == "picture + picture of the same shape"
    assert fields.accepted([]) == ""


def test_conditional_parameters_stand_below_what_they_depend_on() -> None:
    def when(name: str, *values: object) -> list[dict[str, object]]:
        return [{"parameter": name, "values": list(values)}]

    rows = parameter_rows(
        [
            {"name": "rate", "type": "float", "min": 1e-4, "max": 1e-2, "log": True},
            {"name": "optimizer", "type": "choice", "choices": ["sgd", "adam"], "default": "adam"},
            {"name": "units", "type": "int", "min": 1, "max": 2},
            {"name": "nesterov", "type": "bool", "when": when("optimizer", "sgd", "adam")},
            {"name": "deep", "type": "int", "min": 1, "max": 9, "when": when("nesterov", True)},
        ]
    )
    assert [(row["name"], row["depth"]) for row in rows] == [
        ("rate", 0),
        ("optimizer", 0),
        ("nesterov", 1),
        ("deep", 2),
        ("units", 0),
    ]
    assert rows[2]["when"] == ["optimizer is sgd or adam"]
    assert rows[1]["choices"] == [("sgd", False), ("adam", True)]


def test_the_default_lies_where_the_scale_has_it() -> None:
    log = {"name": "a", "type": "float", "min": 1e-4, "max": 1e-2, "log": True, "default": 1e-3}
    plain = {"name": "b", "type": "int", "min": 0, "max": 8, "default": 2}
    one = {"name": "c", "type": "int", "min": 3, "max": 3, "default": 3}
    assert [row["place"] for row in parameter_rows([log, plain, one])] == [50.0, 25.0, None]


def test_no_parameter_is_lost() -> None:
    for entry in load_catalogue()["search_spaces"]:
        names = [row["name"] for row in parameter_rows(entry["parameters"])]
        assert sorted(names) == sorted(p["name"] for p in entry["parameters"])
