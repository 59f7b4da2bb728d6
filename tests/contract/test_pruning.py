"""Verdicts on epochs: who is pruned, and what a trial is told of it."""

import httpx
import pytest

from tests.contract.studies import Json, claimed, completed, finish, opened, path, progress, report


def test_a_rung_counts_running_trials_and_is_rolled_back_with_its_epoch(api: httpx.Client) -> None:
    rule = {"algorithm": "successive_halving", "min_epochs": 2, "reduction_factor": 2}
    opened(api, budget={"trials": 9}, pruning=rule)
    first, second, third = (claimed(api) for _ in range(3))
    for trial, loss in ((first, 0.1), (second, 0.5), (third, 0.3)):
        assert report(api, trial, 0, loss).json() == {"verdict": "continue"}
    assert report(api, first, 1, 0.1).json() == {"verdict": "continue"}
    assert report(api, second, 1, 0.5).json() == {"verdict": "prune"}
    shown = api.get(path(second)).json()
    assert "loss 0.5 at epoch 1, the best 1 of 2 trials" in shown["history"][-1]["detail"]
    api.post(path(first, "release"), json={"attempt": 1})
    assert report(api, third, 1, 0.3).json() == {"verdict": "continue"}


def test_the_median_rule_prunes_and_says_why(api: httpx.Client) -> None:
    opened(
        api,
        budget={"trials": 9},
        pruning={"algorithm": "median", "startup_trials": 3, "warmup_epochs": 1},
    )
    for loss in (0.1, 0.2, 0.3):
        trial = claimed(api)
        for epoch in range(3):
            report(api, trial, epoch, loss)
        finish(api, trial)
    bad = claimed(api)
    assert report(api, bad, 0, 0.9).json() == {"verdict": "continue"}
    assert report(api, bad, 1, 0.9).json() == {"verdict": "prune"}
    assert report(api, bad, 1, 0.9).json() == {"verdict": "prune"}
    shown = api.get(path(bad)).json()
    assert (shown["state"], shown["epochs"]) == ("pruned", 2)
    assert "0.9" in shown["history"][-1]["detail"]
    assert "median of 3 trials at that epoch 0.2" in shown["history"][-1]["detail"]
    good = claimed(api)
    assert report(api, good, 0, 0.1).json() == {"verdict": "continue"}
    assert report(api, good, 1, 0.1).json() == {"verdict": "continue"}
    assert progress(api)["pruned"] == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"algorithm": "median", "startup_trials": 1},
        {"algorithm": "threshold", "upper": 1.0},
        {"algorithm": "successive_halving"},
    ],
    ids=lambda rule: rule["algorithm"],
)
def test_an_epoch_without_the_objective_is_not_judged_and_one_with_nan_is(
    api: httpx.Client, rule: Json
) -> None:
    opened(api, pruning=rule)
    completed(api, 0.5)
    trial = claimed(api)
    for epoch in range(3):
        body = {"attempt": 1, "epoch": epoch, "metrics": {"other": 1.0}}
        assert api.post(path(trial, "epochs"), json=body).json() == {"verdict": "continue"}
    assert finish(api, trial, values={"loss": 0.4}).json()["state"] == "completed"
    assert report(api, claimed(api), 0, None).json() == {"verdict": "prune"}
