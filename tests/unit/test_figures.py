"""Optuna's pictures: of what they consist, how they name things, and what they cost a server that shows none."""

import random
import subprocess
import sys
from typing import Any

import pytest

from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, figures, importance

HOSTILE = '<img src=x onerror="alert(1)">'
SPACE = Space.from_json(
    [
        {"name": "rate", "type": "float", "min": 1e-5, "max": 1e-1, "log": True},
        {"name": "<b>kind", "type": "choice", "choices": ["a", HOSTILE]},
        {
            "name": "depth",
            "type": "int",
            "min": 1,
            "max": 4,
            "when": [{"parameter": "<b>kind", "values": ["a"]}],
        },
        {"name": "flag", "type": "bool"},
    ]
)
ONE = [{"metric": "loss", "direction": "minimize"}]
TWO = [*ONE, {"metric": "accuracy", "direction": "maximize"}]


def spec_of(objectives: list[dict[str, str]]) -> Spec:
    return Spec.from_json(
        {
            "name": "s",
            "executor": "external",
            "search_space": {"parameters": []},
            "objectives": objectives,
            "search": {"algorithm": "random", "seed": 0},
            "pruning": {"algorithm": "none"},
        }
    )


def made(count: int, objectives: int = 1) -> list[Past]:
    chance = random.Random(0)
    trials = []
    for number in range(count):
        chosen: dict[str, Any] = {
            "rate": 10 ** chance.uniform(-5, -1),
            "<b>kind": chance.choice(["a", HOSTILE]),
            "flag": chance.random() < 0.5,
        }
        if chosen["<b>kind"] == "a":
            chosen["depth"] = chance.randint(1, 4)
        values = [chance.random() for _ in range(objectives)]
        trials.append(Past(number, TrialState.COMPLETED, chosen, values))
    return trials


def axes(figure: figures.Json) -> dict[str, Any]:
    found = [axis for name, axis in figure["layout"].items() if name.startswith("xaxis")]
    return {axis["title"]["text"]: axis for axis in found}


def test_slices_show_each_parameter_over_the_trials_that_have_it() -> None:
    trials = made(30)
    figure = figures.slices(spec_of(ONE), SPACE, trials, [p.name for p in SPACE.parameters])
    by_name = axes(figure)
    assert sorted(by_name) == ["&lt;b&gt;kind", "depth", "flag", "rate"]
    assert by_name["rate"]["type"] == "log"
    with_depth = [trial.number for trial in trials if "depth" in trial.parameters]
    depth = next(t for t in figure["data"] if t["customdata"] == with_depth)
    assert depth["x"] == [trials[number].parameters["depth"] for number in with_depth]
    assert {trace["type"] for trace in figure["data"]} == {"scatter"}


def test_names_are_text_and_never_markup() -> None:
    figure = figures.slices(spec_of(ONE), SPACE, made(30), ["<b>kind", "flag"])
    kinds, flags = (axis["categoryarray"] for axis in axes(figure).values())
    assert kinds == ["a", '&lt;img src=x onerror="alert(1)"&gt;']
    assert flags == ["no", "yes"]
    assert {label for trace in figure["data"] for label in trace["x"]} == {*kinds, *flags}
    contour = figures.contour(spec_of(ONE), SPACE, made(30), "<b>kind", "rate")
    assert "<b>" not in str(contour["layout"])
    assert "<img" not in str(contour)


@pytest.mark.parametrize(("x", "y"), [("rate", "flag"), ("flag", "rate")])
def test_a_contour_has_its_axes_as_they_were_asked_for(x: str, y: str) -> None:
    trials = made(20)
    figure = figures.contour(spec_of(TWO), SPACE, [t for t in trials if t.number], x, y)
    layout = figure["layout"]
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == (x, y)
    assert {layout["xaxis"]["type"], layout["yaxis"]["type"]} == {"log", "category"}
    assert (layout["xaxis"]["type"] == "log") == (x == "rate")
    points = next(trace for trace in figure["data"] if trace["type"] == "scatter")
    assert points["customdata"] == list(range(1, 20))
    rates = [trial.parameters["rate"] for trial in trials[1:]]
    assert points["x" if x == "rate" else "y"] == rates


def test_a_front_is_told_from_the_rest_by_all_objectives() -> None:
    trials = [
        Past(n, TrialState.COMPLETED, {"rate": 0.1}, v)
        for n, v in enumerate([[1.0, 1.0], [2.0, 2.0], [2.0, 1.5]])
    ]
    figure = figures.pareto(spec_of(TWO), SPACE, trials, 0, 1)
    beaten, front = figure["data"]
    assert (beaten["customdata"], front["customdata"]) == ([2], [0, 1])
    assert "text" not in front


def test_of_several_objectives_the_importance_is_that_of_the_first_in_its_direction() -> None:
    chance = random.Random(1)
    history = History(spec_of([TWO[1], TWO[0]]), SPACE)
    alone = History(spec_of([TWO[1]]), SPACE)
    for number in range(200):
        good = chance.random() < 0.1
        # Only the good ones, which are few, stand out by their flag.
        chosen = {"flag": good, "rate": 10 ** chance.uniform(-5, -1)}
        value = 1 + chance.random() if good else chance.random()
        history.add(Past(number, TrialState.COMPLETED, chosen, [value, chance.random()]), number)
        alone.add(Past(number, TrialState.COMPLETED, chosen, [value]), number)
    assert importance(history) == pytest.approx(importance(alone))


def test_a_server_that_shows_no_picture_has_not_imported_what_draws_them() -> None:
    code = (
        "import sys; from tuner_service.server.app import create_app\n"
        "from tuner_service.search import History, figures, importance\n"
        "assert not {'plotly', 'optuna.visualization', 'scipy', 'sklearn'} & set(sys.modules)\n"
        "from tuner_service.search.importance import _get_param_importances\n"
        "_get_param_importances()\n"
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
