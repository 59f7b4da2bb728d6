"""A study as a row of the list."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuner_service.dashboard import formatting, sparkline
from tuner_service.dashboard.study_pace import seconds_left
from tuner_service.domain.study import OVER, Direction, Executor, StudyState
from tuner_service.domain.trial import FINISHED, OPEN, TrialState
from tuner_service.service.reading.overview import Overview
from tuner_service.storage.overviews import Listed

_IN_THE_BAR = (TrialState.COMPLETED, TrialState.PRUNED, TrialState.FAILED, TrialState.CANCELLED)


@dataclass(frozen=True)
class StudyRow:
    overview: Overview

    @property
    def study(self) -> Listed:
        return self.overview.row

    @property
    def what(self) -> str:
        """What is searched, on which data."""
        if self.study.search_space is None:
            return "your own program"
        return f"{self.study.search_space} on {self.study.dataset}"

    @property
    def waits(self) -> str | None:
        """What a running study waits for of which nobody trains anything."""
        if self.study.state is not StudyState.RUNNING or self.overview.progress[TrialState.RUNNING]:
            return None
        own = self.study.executor is Executor.EXTERNAL
        return "waits for your program" if own else "waits for a worker"

    @property
    def ended(self) -> int:
        return self.overview.standing.ended

    @property
    def counts(self) -> str:
        """How many trials are in each state that has any: running ones first, for these are of interest."""
        progress = self.overview.progress
        order = (TrialState.RUNNING, TrialState.QUEUED, *FINISHED)
        return " · ".join(
            f"{formatting.count(progress[state])}\N{NO-BREAK SPACE}{state}"
            for state in order
            if progress.get(state)
        )

    @property
    def bar(self) -> Sequence[tuple[str, float, float]]:
        """State, beginning and length in percent of the budget, for each stretch of the bar."""
        progress, budget = self.overview.progress, max(self.study.budget_trials, 1)
        found, begin = [], 0.0
        for state in (*_IN_THE_BAR, TrialState.RUNNING):
            length = 100 * progress.get(state, 0) / budget
            if length:
                found.append((str(state), round(begin, 3), round(length, 3)))
            begin += length
        return found

    @property
    def best(self) -> int | None:
        """The number of the best trial."""
        best = self.overview.standing.best
        return best.number if best else None

    @property
    def values(self) -> Sequence[tuple[str, float]]:
        """The best trial's objectives, the one that counts first."""
        best = self.overview.known.best_values
        return [
            (o.metric, best[o.metric]) for o in self.overview.known.objectives if o.metric in best
        ]

    @property
    def line(self) -> str:
        """The best so far over the trials that ended, as points."""
        return sparkline.steps(self.overview.standing.course, self.ended)

    @property
    def line_text(self) -> str:
        course, objective = self.overview.standing.course, self.overview.known.objectives[0]
        aim = "highest" if objective.direction is Direction.MAXIMIZE else "lowest"
        first, last = formatting.number(course[0][1]), formatting.number(course[-1][1])
        ended = formatting.count(self.ended)
        return f"The {aim} {objective.metric} went from {first} to {last} over {ended} trials"

    @property
    def time(self) -> str:
        """How long it will still take, or took."""
        if self.study.state in OVER:
            taken = self.overview.seconds_taken
            return formatting.NONE if taken is None else f"took {formatting.duration(taken)}"
        left = seconds_left(self.overview)
        return formatting.NONE if left is None else f"≈ {formatting.duration(left)} left"

    @property
    def actions(self) -> Sequence[str]:
        if self.study.state is StudyState.RUNNING:
            return ("pause", "cancel")
        if self.study.state is StudyState.PAUSED:
            return ("resume", "cancel")
        return () if any(self.overview.progress[state] for state in OPEN) else ("delete",)
