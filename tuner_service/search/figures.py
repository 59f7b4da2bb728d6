"""Optuna's own pictures of a study, as plotly.js draws them.

``optuna.visualization`` and plotly are imported when the first picture is drawn: together they take 20 MB and
some tenths of a second, which a server that nobody looks at need not spend.
"""

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from optuna.study import Study

from tuner_service.domain.parameter import Type, Value
from tuner_service.domain.space import Space
from tuner_service.domain.study import Objective, Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past
from tuner_service.search.importing import IMPORTING
from tuner_service.search.snapshot import Snapshot, directions, of_first_objective

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Json = dict[str, Any]
_HOVER = "trial %{customdata}<br>%{x}<br>%{y}<extra></extra>"


def slices(spec: Spec, space: Space, trials: Sequence[Past], parameters: Sequence[str]) -> Json:
    """The first objective over each of these parameters, a plot each; some trial must have each of them."""
    with IMPORTING:
        from optuna.visualization import plot_slice

    study = _study(spec, space, trials, [spec.objective])
    figure = plot_slice(study, params=list(parameters), target_name=spec.objective.metric)
    drawn = _plain(figure, space)
    for trace in drawn["data"]:
        _name_trials(trace, trace["marker"]["color"])
    return drawn


def contour(spec: Spec, space: Space, trials: Sequence[Past], x: str, y: str) -> Json:
    """The first objective over two different parameters, which each of the trials must have."""
    with IMPORTING:
        from optuna.visualization import plot_contour

    study = _study(spec, space, trials, [spec.objective])
    figure = plot_contour(study, params=[x, y], target_name=spec.objective.metric)
    drawn = _plain(figure, space)
    for trace in drawn["data"]:
        if trace["type"] == "scatter":
            _name_trials(trace, [trial.number for trial in trials])
    # Optuna draws the alphabetically first one along the x axis.
    return drawn if x < y else _turned(drawn)


def pareto(spec: Spec, space: Space, trials: Sequence[Past], x: int, y: int) -> Json:
    """Two of the objectives, by their places, over each other; the trials that no other one beats stand out."""
    with IMPORTING:
        from optuna.visualization import plot_pareto_front

    figure = plot_pareto_front(
        _study(spec, space, trials, spec.objectives),
        targets=lambda trial: [trial.values[x], trial.values[y]],
        target_names=[spec.objectives[x].metric, spec.objectives[y].metric],
    )
    drawn = _plain(figure, space)
    for trace in drawn["data"]:
        _name_trials(trace, trace["marker"]["color"])
    return drawn


def _study(
    spec: Spec, space: Space, trials: Sequence[Past], objectives: Sequence[Objective]
) -> Study:
    """The trials under all objectives, or under the first one alone."""
    history = History(spec, space)
    frozen = [history.frozen(trial) for trial in trials]
    if len(objectives) < len(spec.objectives):
        frozen = of_first_objective(frozen)
    current = history.frozen(Past(-1, TrialState.RUNNING, {}))
    return Snapshot(directions(objectives), frozen, current, {}).study()


def _plain(figure: "Figure", space: Space) -> Json:
    """The figure without Optuna's clothes, for the page has its own; names as text, never as plotly's markup."""
    drawn: Json = json.loads(figure.to_json())
    layout = {k: v for k, v in drawn["layout"].items() if k not in ("template", "title", "width")}
    traces = [trace for trace in drawn["data"] if trace["type"] != "scatter" or trace["x"]]
    labels = _labels(space)
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")):
            _escape_title(axis)
            _relabel(axis, ("categoryarray",), labels)
    for trace in traces:
        _escape_title(trace.get("colorbar", {}))
        _escape_title(trace.get("marker", {}).get("colorbar", {}))
        _relabel(trace, ("x", "y"), labels)
    return {"data": traces, "layout": layout}


def _relabel(holder: Json, names: Sequence[str], labels: dict[str, str]) -> None:
    for name in names:
        if name in holder:
            holder[name] = [labels.get(v, v) if isinstance(v, str) else v for v in holder[name]]


def _labels(space: Space) -> dict[str, str]:
    """What Optuna writes for a choice, in a slice and in a contour, and what a person would."""
    choices: list[Value] = [False, True]
    for parameter in space.parameters:
        choices += parameter.choices if parameter.type is Type.CHOICE else ()
    return {text: _label(choice) for choice in choices for text in (repr(choice), str(choice))}


def _label(choice: Value) -> str:
    if isinstance(choice, bool):
        return "yes" if choice else "no"
    return escape(str(choice), quote=False)


def _escape_title(holder: Json) -> None:
    if "title" in holder:
        holder["title"]["text"] = escape(holder["title"]["text"], quote=False)


def _name_trials(trace: Json, numbers: Sequence[int]) -> None:
    trace.pop("text", None)
    trace |= {"customdata": list(numbers), "hovertemplate": _HOVER}


def _turned(drawn: Json) -> Json:
    """The figure with x and y in each other's place."""
    layout = drawn["layout"]
    layout["xaxis"], layout["yaxis"] = layout["yaxis"], layout["xaxis"]
    for trace in drawn["data"]:
        trace["x"], trace["y"] = trace["y"], trace["x"]
        if trace["type"] == "contour":
            trace["transpose"] = True
    return drawn
