"""How a study stands by the trials that ended: counts, the best, when it became better, how long the rest will take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean

from tuner_service.domain.study import Objective
from tuner_service.domain.trial import TrialState

LATELY = 50
"""So many of the trials that ended last tell how long one takes."""
FEWEST = 3
"""From fewer than so many nothing is estimated."""


@dataclass(frozen=True)
class Ended:
    """A trial that ended: its first objective, how long workers had it (None: none ever did), and when it ended."""

    number: int
    state: TrialState
    value: float | None
    seconds: float | None
    finished_at: float
    revision: int


@dataclass(frozen=True)
class Best:
    """The trial with the best first objective; of equal ones the first."""

    number: int
    value: float


@dataclass(frozen=True)
class Standing:
    """``course``: how many trials had ended each time the first objective became better, and its value then.

    ``lasted``: how many seconds each of the last trials took, of those that were ever begun.
    """

    revision: int = 0
    counts: Mapping[TrialState, int] = field(default_factory=dict)
    best: Best | None = None
    course: tuple[tuple[int, float], ...] = ()
    lasted: tuple[float, ...] = ()
    last_end: float | None = None

    @property
    def ended(self) -> int:
        return sum(self.counts.values())

    def seconds_left(self, *, unended: int, running: int) -> float | None:
        """An estimate; None where there is no honest one.

        ``unended`` trials of the budget have not ended, of which ``running`` are being trained, on average half-way
        through.
        """
        if len(self.lasted) < FEWEST or not running:
            return None
        return fmean(self.lasted) * max(unended - running / 2, running / 2) / running


def later(standing: Standing, objective: Objective, trials: Iterable[Ended]) -> Standing:
    """The standing after more trials, given in the order in which they ended."""
    counts, best = dict(standing.counts), standing.best
    course, lasted = [*standing.course], [*standing.lasted]
    ended, revision, last_end = standing.ended, standing.revision, standing.last_end
    for trial in trials:
        ended += 1
        counts[trial.state] = counts.get(trial.state, 0) + 1
        revision, last_end = max(revision, trial.revision), trial.finished_at
        if trial.seconds is not None:
            lasted.append(trial.seconds)
        if trial.state is not TrialState.COMPLETED or trial.value is None:
            continue
        if objective.better(trial.value, than=best.value if best else None):
            course.append((ended, trial.value))
            best = Best(trial.number, trial.value)
        elif best is not None and trial.value == best.value:
            best = replace(best, number=min(best.number, trial.number))
    return Standing(revision, counts, best, tuple(course), tuple(lasted[-LATELY:]), last_end)
