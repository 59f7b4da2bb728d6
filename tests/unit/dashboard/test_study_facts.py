"""What a study's page says of how it searches."""

from dataclasses import replace
from typing import Any

import pytest

from tuner_service.dashboard.study_facts import facts, setting
from tuner_service.domain.space import Space
from tuner_service.domain.study import Budget, Spec, Study, StudyState

SPEC: dict[str, Any] = {
    "name": "s",
    "executor": "keras",
    "search_space": "dense",
    "dataset": "digits",
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "bayesian", "seed": 7},
    "pruning": {"algorithm": "median", "startup_trials": 5, "warmup_epochs": 3, "min_trials": 1},
    "training": {
        "epochs": 30,
        "batch_size": {"choices": [32, 64, 128]},
        "early_stopping": {"monitor": "val_loss", "patience": 5},
        "reduce_lr_on_plateau": None,
    },
}


def study(preflight: dict[str, Any] | None = None, **changes: Any) -> Study:
    spec = SPEC | changes
    space = Space.from_json([{"name": "depth", "type": "int", "min": 1, "max": 4}])
    return Study(
        *(1, "s", StudyState.RUNNING, 0.0, spec, Spec.from_json(spec), space, None),
        *(Budget(40, 3600.0), 0, 1, 0, None, preflight),
    )


def said(of: Study) -> dict[str, str]:
    return {fact.label: fact.text for fact in facts(of)}


def test_facts_say_what_differs_from_the_usual_and_leave_out_what_is_off() -> None:
    found = said(study())
    assert found["Objective"] == "highest val_accuracy"
    assert found["Search"] == "bayesian, seed 7"
    assert found["Pruning"] == "median, 5 trials first, from epoch 3"
    assert found["Training"] == "up to 30 epochs, batches of 32, 64 or 128"
    assert found["Early stopping"] == "val_loss, patience 5"
    assert found["Budget"] == "40 trials, 1 h"
    assert "Reduce LR on plateau" not in found
    assert "Default model" not in found
    assert said(replace(study(), budget=Budget(1, None)))["Budget"] == "1 trial"


def test_what_auto_picked_is_told_with_its_reason() -> None:
    picked = {"algorithm": "grid", "why": "the budget is enough for all 4 candidates"}
    found = said(study(search={"algorithm": "auto", "seed": 7, "picked": picked}))
    assert found["Search"] == "auto, which picked grid, seed 7"
    assert found["Picked because"] == "the budget is enough for all 4 candidates"


def test_family_and_data_lead_to_their_pages() -> None:
    links = {fact.label: fact.href for fact in facts(study()) if fact.href}
    assert links == {"Family": "/search-spaces/dense", "Data set": "/datasets/digits"}


def test_an_external_study_trains_in_a_program_of_its_own() -> None:
    changes: dict[str, Any] = {
        "executor": "external",
        "search_space": {},
        "dataset": None,
        "training": None,
    }
    found = said(study(None, **changes))
    assert found["Executor"] == "your own program, over the REST API"
    assert not {"Family", "Data set", "Training"} & found.keys()


def test_the_default_model_is_described_once_it_was_built() -> None:
    found = said(study({"parameters": 3466, "memory_bytes": 94_000}))
    assert found["Default model"] == "3,466 parameters, about 91.8 KiB to train"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (64, "64"),
        ({"min": 1e-5, "max": 0.01}, "1e-5 to 0.01"),
        ({"choices": [32]}, "32"),
        ({"choices": [1, 2]}, "1 or 2"),
    ],
)
def test_a_setting_may_be_searched(given: Any, text: str) -> None:
    assert setting(given) == text


@pytest.mark.parametrize(
    ("pruning", "text"),
    [
        (
            {"algorithm": "hyperband", "min_epochs": 1, "max_epochs": 27, "reduction_factor": 3},
            "hyperband, to 27 epochs, one in 3 goes on",
        ),
        (
            {"algorithm": "threshold", "lower": None, "upper": 2.5, "warmup_epochs": 0},
            "threshold, ends above 2.5",
        ),
        (
            {"algorithm": "patient", "patience": 3, "min_delta": 0.0, "wraps": "median"},
            "patient, patience 3, then median",
        ),
    ],
)
def test_a_rule_of_pruning_says_its_options(pruning: dict[str, Any], text: str) -> None:
    assert said(study(pruning=pruning))["Pruning"] == text
