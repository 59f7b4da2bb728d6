"""What a sampler sees of a study when it is asked for one candidate, and what it draws."""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, Trial

from tuner_service.domain.parameter import Value
from tuner_service.domain.trial import TrialState
from tuner_service.search.history import History, Past, candidate
from tuner_service.search.samplers import is_whole, needs_history
from tuner_service.search.snapshot import Snapshot, directions


@dataclass(frozen=True)
class Question:
    """A candidate for trial ``number`` is asked for.

    The search is shown the trials that had ended at ``revision`` of the study, and those that were ``running``.
    ``fixed`` are parameters that the user chose; the others are searched.
    """

    number: int
    revision: int
    running: Sequence[Past] = ()
    fixed: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Draw:
    """A candidate; which sampler drew it, with which seed; and what that one wants to find again."""

    parameters: dict[str, Value]
    by: str
    seed: int
    notes: Mapping[str, Any]

    def of(self, parameters: dict[str, Value]) -> "Draw":
        """Another candidate in place of this one, with nothing to be learned about how it was made."""
        return replace(self, parameters=parameters, by="listing", notes={})


class Shown:
    """The trials of a study as they stood when the question was asked."""

    def __init__(self, history: History, question: Question) -> None:
        self._history = history
        self._question = question
        self._trials: list[FrozenTrial] = []
        self._study_notes: dict[str, Any] = {}
        self._running: dict[Any, int] = {}
        self._is_empty = not needs_history(history.spec.search, history.distributions.space)
        if not self._is_empty:
            self._trials = history.ended_by(question.revision)
            for past in question.running:
                insort(self._trials, history.frozen(past), key=lambda trial: trial.number)
            self._study_notes = history.notes_by(question.revision)
            self._running = {candidate(p.parameters): p.number for p in question.running}

    def draw(self, by: BaseSampler, seed: int) -> Draw:
        """A candidate by this sampler, which was made with this seed."""
        history = self._history
        current = history.frozen(Past(self._question.number, TrialState.RUNNING, {}))
        current.system_attrs["fixed_params"] = dict(self._question.fixed)
        objectives = directions(history.spec.objectives)
        snapshot = Snapshot(objectives, [*self._trials, current], current, self._study_notes)
        trial = snapshot.trial(by)
        # What is without effect now has its values too, to be inherited and to come back into use.
        whole = is_whole(history.spec.search)
        space = history.distributions.space
        genome: dict[str, Value] = {}
        parameters: dict[str, Value] = {}
        for parameter in space.parameters:
            exists = space.exists(parameter, parameters)
            if not exists and not whole:
                continue
            among = history.distributions.by_name[parameter.name]
            value = _suggested(trial, parameter.name, among)
            # Optuna adds up steps in binary, and 0.30000000000000004 is not what a condition names.
            genome[parameter.name] = parameter.nearest(value) if isinstance(value, float) else value
            if exists:
                parameters[parameter.name] = genome[parameter.name]
        notes: dict[str, Any] = {}
        if noted := {k: v for k, v in snapshot.trial_notes.items() if _worth_keeping(k)}:
            notes["trial"] = noted
        if snapshot.study_notes:
            notes["study"] = snapshot.study_notes
        if whole and len(genome) > len(parameters):
            notes["genome"] = {k: v for k, v in genome.items() if k not in parameters}
        return Draw(parameters, type(by).__name__, seed, notes)

    def twin(self, parameters: Mapping[str, Value]) -> int | None:
        """The trial that ended or runs with exactly these parameters."""
        if self._is_empty:
            return None
        ended = self._history.first_with(parameters, self._question.revision)
        return self._running.get(candidate(parameters)) if ended is None else ended

    def is_no_choice(self, parameters: Mapping[str, Value]) -> bool:
        """Whether nothing of the candidate was searched: the user chose it all, or nothing else is possible."""
        by_name = self._history.distributions.by_name
        return all(n in self._question.fixed or by_name[n].single() for n in parameters)


def _worth_keeping(key: str) -> bool:
    # TPE repeats the parameters for other processes to see; ours see them anyway.
    return "relative_params" not in key


def _suggested(trial: Trial, name: str, among: BaseDistribution) -> Value:
    match among:
        case IntDistribution():
            return trial.suggest_int(name, among.low, among.high, step=among.step, log=among.log)
        case FloatDistribution():
            return trial.suggest_float(name, among.low, among.high, step=among.step, log=among.log)
        case CategoricalDistribution():
            choice = trial.suggest_categorical(name, among.choices)
            assert choice is not None, "no parameter has a choice without a value"
            return choice
    raise TypeError(f"no such distribution: {among!r}")
