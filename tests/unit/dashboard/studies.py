"""Studies as the pages get them, without a database."""

from collections.abc import Sequence
from typing import Any

from tuner_service.domain.space import Space
from tuner_service.domain.study import Budget, Spec, Study, StudyState

SPEC: dict[str, Any] = {
    "name": "s",
    "executor": "keras",
    "search_space": "dense",
    "dataset": "digits",
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "random", "seed": 7},
    "pruning": {"algorithm": "none"},
    "training": {"epochs": 30, "batch_size": 32, "early_stopping": {"patience": 5}},
}


def study(parameters: Sequence[dict[str, Any]] = (), **changes: Any) -> Study:
    spec = SPEC | changes
    return Study(
        id=1,
        name=spec["name"],
        state=StudyState.RUNNING,
        created_at=0.0,
        spec_json=spec,
        spec=Spec.from_json(spec),
        space=Space.from_json(list(parameters)),
        data=None,
        budget=Budget(40, None),
        next_number=1,
        revision=1,
        ended_revision=0,
    )
