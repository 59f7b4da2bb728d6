"""One trial in words: what it was given, how it fared, how it ended and why."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuner_service.dashboard import formatting
from tuner_service.domain import training
from tuner_service.domain.parameter import Parameter, Type, Value
from tuner_service.domain.study import Executor, Study
from tuner_service.domain.trial import TrialState

Json = Mapping[str, Any]

HAPPENINGS = {
    "queued": "Queued",
    "claimed": "Claimed",
    "resumed": "Resumed",
    "released": "Given back",
    "died": "The attempt died",
    "lease_lost": "The worker fell silent",
    "quarantined": "Not handed out again",
    "checkpoint_unusable": "A checkpoint was of no use",
    "restored": "Restored from a backup",
}
"""How the lines of a history are called here; any other as it calls itself."""
TONES = {
    **dict.fromkeys(("completed",), "good"),
    **dict.fromkeys(("pruned", "released", "cancelled", "checkpoint_unusable"), "warn"),
    **dict.fromkeys(("failed", "died", "lease_lost", "quarantined"), "bad"),
}
FILES = {
    "model.keras": "the model, with the weights of its best epoch",
    "inputs.json": "how new rows become its inputs",
    "training.csv": "every epoch's metrics",
    "architecture.svg": "the picture of its architecture",
    "log.txt": "what it printed",
}


@dataclass(frozen=True)
class Setting:
    """A parameter's value. ``place``: where in its range, from 0 to 1; None where there is none."""

    name: str
    value: Value
    default: Value | None
    place: float | None
    about: str

    @property
    def differs(self) -> bool:
        return self.default is not None and self.value != self.default


def settings(study: Study, trial: Json) -> list[Setting]:
    """In the order of the space."""
    known = {parameter.name: parameter for parameter in study.space.parameters}
    return [
        _setting(parameter, trial["parameters"][name])
        for name, parameter in known.items()
        if name in trial["parameters"]
    ]


def origin(study: Study, trial: Json) -> str:
    """Where its parameters come from."""
    made = trial["suggestion"]
    if trial["origin"] == "user" and (
        made is None or trial["parameters"].keys() <= {*made["fixed"]}
    ):
        return "Queued by a user."
    if trial["origin"] == "user":
        return "Queued by a user; what they left open was searched."
    told = f"Chosen by the search ({study.spec.search.algorithm})"
    if others := made["running"] if made else ():
        told += f", beside {len(others)} running {_trials(others)}"
    if twins := made["duplicates"] if made else ():
        numbers = ", ".join(map(str, twins))
        told += f"; drawn anew, since {_trials(twins)} {numbers} had what came first"
    return f"{told}."


def _trials(numbers: Sequence[int]) -> str:
    return "trial" if len(numbers) == 1 else "trials"


def _setting(parameter: Parameter, value: Value) -> Setting:
    return Setting(
        parameter.name, value, parameter.default, _place(parameter, value), _about(parameter)
    )


def _place(parameter: Parameter, value: Value) -> float | None:
    low, high = parameter.min, parameter.max
    if low is None or high is None or low >= high or not isinstance(value, int | float):
        return None
    if parameter.log and low > 0:
        share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    else:
        share = (value - low) / (high - low)
    return min(1.0, max(0.0, share))


def _about(parameter: Parameter) -> str:
    if parameter.type is Type.FIXED:
        return "fixed"
    if parameter.min is not None:
        scale = ", on a logarithmic scale" if parameter.log else ""
        return f"{formatting.number(parameter.min)} to {formatting.number(parameter.max)}{scale}"
    return ", ".join(formatting.value(choice) for choice in parameter.values())


def planned_epochs(study: Study, trial: Json) -> int | None:
    """How many the trial is to train at most; None where that is not the service's to say."""
    if study.spec.executor is not Executor.KERAS:
        return None
    epochs: int = training.resolved(study.spec.training, trial["parameters"])["epochs"]
    return epochs


def ended_early(study: Study, trial: Json) -> str | None:
    """In words what ended it before its last epoch; None if nothing did, or nothing has yet."""
    state, planned = trial["state"], planned_epochs(study, trial)
    last = trial["history"][-1] if trial["history"] else {"detail": None}
    if state == TrialState.COMPLETED:
        if last["detail"] is not None:
            return str(last["detail"])
        return "ended early" if planned is not None and trial["epochs"] < planned else None
    ends = (TrialState.PRUNED, TrialState.FAILED, TrialState.CANCELLED)
    return str(state) if state in ends else None


def fate(study: Study, trial: Json) -> str:
    """What a trial that is not running waits for, or why it ended as it did, in a sentence."""
    last = trial["history"][-1] if trial["history"] else None
    why = last["detail"] if last is not None else None
    planned, trained = planned_epochs(study, trial), _epochs(trial["epochs"])
    metrics = [objective.metric for objective in study.spec.objectives]
    match trial["state"]:
        case TrialState.QUEUED:
            before = f" {formatting.sentence(why)}" if why and trial["attempt"] else ""
            return f"It waits for a worker.{before}"
        case TrialState.COMPLETED if why:
            return formatting.sentence(why)
        case TrialState.COMPLETED:
            whole = planned is None or trial["epochs"] >= planned
            return f"Trained {'all of its ' if whole and planned else ''}{trained}."
        case TrialState.PRUNED:
            return f"Pruned: {why}."
        case TrialState.FAILED:
            return formatting.sentence(trial["error"].partition("\n")[0], metrics)
    return f"Cancelled {why}." if why == "by a user" else f"Cancelled: {why}."


def took(trial: Json) -> str | None:
    """How long workers had it, and apart from that how long it waited for the next one; None until it has ended."""
    if trial["seconds"] is None:
        return None
    begun, over = (datetime.fromisoformat(trial[at]) for at in ("started_at", "finished_at"))
    waited = (over - begun).total_seconds() - trial["seconds"]
    told = formatting.duration(trial["seconds"])
    return told if waited < 1 else f"{told}, and waited {formatting.duration(waited)}"


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{formatting.count(count)} epochs"


def timeline(trial: Json) -> Iterator[Json]:
    """The history, each line with what it is called and how it sounds."""
    for line in trial["history"]:
        what = line["what"]
        label = HAPPENINGS.get(what, what.replace("_", " ").capitalize())
        yield {**line, "label": label, "tone": TONES.get(what, "plain")}
