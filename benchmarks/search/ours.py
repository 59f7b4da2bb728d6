"""Our search in this process, as the service opens a study and asks."""

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.search.clock import Asked
from benchmarks.search.problem import Problem
from tuner_service import wire
from tuner_service.domain.study import Search, Spec
from tuner_service.domain.trial import TrialState
from tuner_service.search import History, Past, Question, judge, suggest
from tuner_service.service.studies import prunings, searches


def opened(problem: Problem, budget: int, search: wire.Search, pruning: wire.Pruning) -> Spec:
    """What a study of so many trials is opened with."""
    data: dict[str, Any] = {
        "name": problem.name,
        "executor": "external",
        "search_space": {"parameters": problem.parameters},
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": searches.completed(search, problem.space, 1, budget),
        "pruning": prunings.completed(pruning, {"epochs": problem.epochs}),
    }
    return Spec.from_json(data)


def searched(problem: Problem, budget: int, search: wire.Search) -> Search:
    """The algorithm that a study of so many trials is searched by, whatever its seed."""
    seeded = search.model_copy(update={"seed": 0})
    return opened(problem, budget, seeded, wire.Pruning()).search


class Ours:
    """A study with this spec."""

    def __init__(self, problem: Problem, spec: Spec) -> None:
        self._epochs = problem.epochs
        self._spec = spec
        self._history = History(spec, problem.space)
        self._running: dict[int, Past] = {}
        self._curves: dict[int, Sequence[float]] = {}
        self._number = 0

    def ask(self) -> Asked | None:
        number, running = self._number, list(self._running.values())
        found = suggest(self._history, Question(number, self._history.revision, running))
        if found.exhausted:
            return None
        # As if stored and read back.
        notes = json.loads(json.dumps(found.notes))
        self._running[number] = Past(number, TrialState.RUNNING, found.parameters, notes=notes)
        self._number += 1
        return Asked(number, found.parameters)

    def goes_on(self, asked: Asked, curve: Sequence[float]) -> bool:
        self._curves[asked.number] = curve
        rivals = {
            number: past[len(curve) - 1] if len(past) >= len(curve) else None
            for number, past in self._curves.items()
            if number != asked.number and number in self._running
        }
        return judge(self._spec.pruning, self._history, asked.number, curve, rivals) is None

    def tell(self, asked: Asked, curve: Sequence[float]) -> None:
        begun = self._running.pop(asked.number)
        whole = len(curve) == self._epochs
        ended = Past(
            asked.number,
            TrialState.COMPLETED if whole else TrialState.PRUNED,
            begun.parameters,
            [min(curve)] if whole else None,
            curve,
            begun.notes,
        )
        self._history.add(ended, revision=self._history.revision + 1)
