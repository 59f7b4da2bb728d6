"""Making the suggestions of a study once more, from what its trials recorded, to see that they come out the same."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from tuner_service.domain.parameter import Value
from tuner_service.domain.study import Study
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.search import Candidate, History, Past, Question, candidate, suggest
from tuner_service.service.memory.histories import add
from tuner_service.service.setup import Service
from tuner_service.service.views import Json, suggestion_json
from tuner_service.storage import standings, studies, trials

SECONDS = 5.0
"""A page has as many trials as so much time is enough for, one at least."""


def page(service: Service, name: str, limit: int, first: int) -> tuple[list[Json], bool]:
    """What becomes of the trials from number ``first`` on, and whether there are more.

    Raises UnknownStudy, EngineMissing.
    """
    with service.database.snapshot() as connection:
        study = studies.get(connection, name)
        replay = _Replay(connection, study)
    until = time.monotonic() + SECONDS
    verdicts: list[Json] = []
    for number in range(first, min(first + limit, study.next_number)):
        verdicts.append(replay.verdict(number))
        if time.monotonic() > until:
            break
    return verdicts, first + len(verdicts) < study.next_number


def _genes(parameters: Mapping[str, Value], notes: Mapping[str, Any]) -> Candidate:
    """All that was drawn, also what is without effect, but for last digits, which each processor rounds its way."""
    return candidate({**notes.get("genome", {}), **parameters})


class _Replay:
    """A study's trials, all read from the database, and its history made anew of them."""

    def __init__(self, connection: Connection, study: Study) -> None:
        ended = standings.ended_after(connection, study, 0)
        self._history = History(study.spec, study.space)
        add(connection, study, ended, to=self._history)
        every = [*ended, *trials.all_open(connection, study)]
        self._trials = {trial.number: trial for trial in every}

    def verdict(self, number: int) -> Json:
        trial = self._trials[number]
        told: Json = {
            "number": number,
            "verdict": "confirmed",
            "parameters": trial.parameters,
            "recomputed": None,
            "recomputed_with": None,
            "reason": None,
            "suggestion": suggestion_json(trial),
        }
        if why := self._unasked(trial):
            return told | {"verdict": "not_searched", "reason": why}
        found = suggest(self._history, self._question(trial))
        if _genes(found.parameters, found.notes) == _genes(trial.parameters, trial.notes):
            return told
        return told | {
            "verdict": "differs",
            "recomputed": found.parameters,
            "recomputed_with": found.notes["sampler"]["versions"],
        }

    def _unasked(self, trial: Trial) -> str | None:
        """Why the search has no part in the trial."""
        shown = trial.notes.get("history")
        if shown is None and trial.state is TrialState.QUEUED:
            return "it was queued, and is not searched until a worker takes it"
        if shown is None:
            return "it was queued, and ended before a worker took it"
        if "sampler" not in trial.notes:
            return "it is from before suggestions were recorded in full"
        if trial.parameters.keys() <= shown.get("fixed", {}).keys():
            return "a user chose all of its parameters"
        return None

    def _question(self, trial: Trial) -> Question:
        shown: Mapping[str, Any] = trial.notes["history"]
        return Question(
            trial.number,
            shown["revision"],
            [self._running(number) for number in shown["running"]],
            shown.get("fixed", {}),
        )

    def _running(self, number: int) -> Past:
        """A trial as it was shown while it ran."""
        trial = self._trials[number]
        return Past(number, TrialState.RUNNING, trial.parameters, notes=trial.notes)
