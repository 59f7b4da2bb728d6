"""What a study searches and how, as short facts to be read at a glance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tuner_service.dashboard import formatting
from tuner_service.domain.parameter import Type
from tuner_service.domain.study import Direction, Spec, Study

_SHOWN_OPTIONS = {
    "startup_trials": "{} trials first",
    "warmup_epochs": "from epoch {}",
    "interval_epochs": "every {} epochs",
    "min_trials": "{} trials to compare with",
    "population": "population {}",
    "engine": "by {}",
    "crossover_rate": "crossover {}",
    "mutation_rate": "mutation {}",
    "tournament": "tournaments of {}",
    "percentile": "the best {} %",
    "reduction_factor": "one in {} goes on",
    "min_epochs": "from {} epochs",
    "max_epochs": "to {} epochs",
    "patience": "patience {}",
    "min_delta": "a loss of {} forgiven",
    "wraps": "then {}",
    "lower": "ends below {}",
    "upper": "ends above {}",
}
_USUAL = {
    "warmup_epochs": 0,
    "interval_epochs": 1,
    "min_trials": 1,
    "min_epochs": 1,
    "min_delta": 0,
    "wraps": "none",
}


@dataclass(frozen=True)
class Fact:
    label: str
    text: str
    href: str | None = None


def facts(study: Study) -> list[Fact]:
    return [
        *_searched(study),
        *_search(study),
        *_how(study.spec),
        *_within(study),
        *_preflight(study),
    ]


def _searched(study: Study) -> Iterator[Fact]:
    spec = study.spec
    if spec.search_space is None:
        yield Fact("Executor", "your own program, over the REST API")
    else:
        yield Fact("Family", spec.search_space, f"/search-spaces/{spec.search_space}")
    if spec.dataset is not None:
        yield Fact("Data set", spec.dataset, f"/datasets/{spec.dataset}")
    aims = [
        f"{'highest' if o.direction is Direction.MAXIMIZE else 'lowest'} {o.metric}"
        for o in spec.objectives
    ]
    yield Fact("Objective" if len(aims) == 1 else "Objectives", ", ".join(aims))
    fixed = sum(p.type is Type.FIXED for p in study.space.parameters)
    searched = len(study.space.parameters) - fixed
    yield Fact("Parameters", f"{searched} searched" + (f", {fixed} fixed" if fixed else ""))


def _search(study: Study) -> Iterator[Fact]:
    search = study.spec.search
    picked = study.spec_json["search"].get("picked")
    algorithm = f"auto, which picked {search.algorithm}" if picked else search.algorithm
    how = [algorithm, *_options(search.options), f"seed {search.seed}"]
    yield Fact("Search", ", ".join(how))
    if picked:
        yield Fact("Picked because", picked["why"])


def _how(spec: Spec) -> Iterator[Fact]:
    yield Fact("Pruning", ", ".join([spec.pruning.algorithm, *_options(spec.pruning.options)]))
    training = spec.training
    if "epochs" in training:
        batch = f", batches of {setting(training['batch_size'])}"
        yield Fact("Training", f"up to {setting(training['epochs'])} epochs{batch}")
    if (stopping := training.get("early_stopping")) is not None:
        text = f"{stopping['monitor']}, patience {setting(stopping['patience'])}"
        yield Fact("Early stopping", text)
    if (reducing := training.get("reduce_lr_on_plateau")) is not None:
        factor, patience = setting(reducing["factor"]), setting(reducing["patience"])
        yield Fact(
            "Reduce LR on plateau", f"{reducing['monitor']}, × {factor}, patience {patience}"
        )


def _within(study: Study) -> Iterator[Fact]:
    trials = study.budget.trials
    budget = "1 trial" if trials == 1 else f"{formatting.count(trials)} trials"
    if study.budget.seconds is not None:
        budget += f", {formatting.duration(study.budget.seconds)}"
    yield Fact("Budget", budget)
    if study.spec.max_parallel is not None:
        yield Fact("At a time", f"at most {formatting.count(study.spec.max_parallel)}")
    if study.spec.priority:
        yield Fact("Priority", str(study.spec.priority))


def _preflight(study: Study) -> Iterator[Fact]:
    if study.preflight is not None:
        parameters = formatting.count(study.preflight["parameters"])
        memory = formatting.bytes_(study.preflight["memory_bytes"])
        yield Fact("Default model", f"{parameters} parameters, about {memory} to train")


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None and name in _SHOWN_OPTIONS and value != _USUAL.get(name):
            yield _SHOWN_OPTIONS[name].format(value)


def setting(it: Any) -> str:
    """A number under ``training``, or the range or the choices out of which it is searched."""
    if not isinstance(it, Mapping):
        return formatting.value(it)
    if "choices" in it:
        *others, last = [formatting.value(each) for each in it["choices"]]
        return f"{', '.join(others)} or {last}" if others else last
    return f"{formatting.value(it['min'])} to {formatting.value(it['max'])}"
